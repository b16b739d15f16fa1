/** The project's own grammar of stories: text that anybody can make anew. */
package org.xecomla.corpus.stories;
