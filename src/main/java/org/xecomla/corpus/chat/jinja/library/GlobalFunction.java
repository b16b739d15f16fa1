package org.xecomla.corpus.chat.jinja.library;

import org.xecomla.corpus.chat.jinja.value.Callable;

/** A function that every template has; see {@link Globals}. */
public record GlobalFunction(String name, Signature signature, Body body) implements Callable {
    /** What it does. */
    public interface Body {
        Object call(Arguments arguments, Operations operations);
    }
}
