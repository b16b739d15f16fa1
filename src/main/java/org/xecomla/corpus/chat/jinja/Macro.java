package org.xecomla.corpus.chat.jinja;

import org.xecomla.corpus.chat.jinja.syntax.Scope;
import org.xecomla.corpus.chat.jinja.syntax.Statement;
import org.xecomla.corpus.chat.jinja.value.Callable;

/** A macro where it was defined: its body sees that place's names as they are when it is called. */
record Macro(Statement.MacroBody body, Scope scope, Frame definedIn) implements Callable {
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
