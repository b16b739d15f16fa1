package org.xecomla.corpus.chat.jinja.library;

import org.xecomla.corpus.chat.jinja.value.Callable;

/** A method of a string, list, dictionary, tuple or loop, and whose it is. */
public record BoundMethod(Object receiver, String name, Method method) implements Callable {}
