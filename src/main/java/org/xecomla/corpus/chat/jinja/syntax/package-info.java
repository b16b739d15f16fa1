/** From a template's text to its tree, and what its names mean. Everything unknown is found here. */
package org.xecomla.corpus.chat.jinja.syntax;
