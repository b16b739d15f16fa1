/** Values of templates as Python has them: how they print, compare, count and add up. */
package org.xecomla.corpus.chat.jinja.value;
