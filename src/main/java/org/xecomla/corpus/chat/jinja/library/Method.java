package org.xecomla.corpus.chat.jinja.library;

/**
 * A filter, a test or a method: all three take a value and arguments.
 *
 * @param signature without the value
 */
public record Method(Signature signature, Body body) {
    /** What it does. */
    public interface Body {
        Object call(Object value, Arguments arguments, Operations operations);
    }
}
