/** Conversations as a model reads them: a checkpoint's own chat template, and which tokens the assistant says. */
package org.xecomla.corpus.chat;
