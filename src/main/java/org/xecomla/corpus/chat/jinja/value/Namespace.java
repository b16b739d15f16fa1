package org.xecomla.corpus.chat.jinja.value;

/** What {@code namespace()} gives: the one value that a template may change, from within loops too. */
public record Namespace(Dict attributes) {
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
