package org.xecomla.corpus.chat.jinja.value;

/** What can be called. None of them can be printed: in Python they print an address. */
public interface Callable {}
