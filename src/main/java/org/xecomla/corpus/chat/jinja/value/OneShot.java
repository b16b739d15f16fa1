package org.xecomla.corpus.chat.jinja.value;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Supplier;

/**
 * A generator: goes through its elements once, computes them when asked, is always true and has no length. What was
 * taken from it is gone.
 */
public final class OneShot implements Iterator<Object> {
    private final Budget budget;
    private Supplier<Iterator<Object>> source;
    private Iterator<Object> rest;

    /** @param source asked when the first element is */
    public OneShot(Budget budget, Supplier<Iterator<Object>> source) {
        this.budget = budget;
        this.source = source;
    }

    /** An element may have to be computed from another generator's, and so on: that is as deep as macros in macros. */
    @Override
    public boolean hasNext() {
        budget.enter();
        if (rest == null) {
            rest = source.get();
            source = null;
        }
        boolean hasNext = rest.hasNext();
        budget.leave();
        return hasNext;
    }

    @Override
    public Object next() {
        budget.enter();
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Object next = rest.next();
        budget.leave();
        return next;
    }
}
