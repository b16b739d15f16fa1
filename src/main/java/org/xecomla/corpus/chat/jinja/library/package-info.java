/** What templates may call: filters, tests, methods, globals. Whatever is not in these tables does not exist. */
package org.xecomla.corpus.chat.jinja.library;
