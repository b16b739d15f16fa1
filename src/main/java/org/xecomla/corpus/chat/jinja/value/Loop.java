package org.xecomla.corpus.chat.jinja.value;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The variable {@code loop}: where a loop is, and what is before and after. Looks ahead only when asked. */
public final class Loop {
    private final Budget budget;
    private Iterator<Object> rest;
    private Long length;
    private long index0 = -1;
    private Object current;
    private Object previous;
    private Object ahead;
    private boolean hasAhead;
    private Tuple lastSeen;

    /** @param length null where it is not known */
    public Loop(Iterator<Object> items, Long length, Budget budget) {
        this.rest = items;
        this.length = length;
        this.budget = budget;
    }

    public boolean hasNext() {
        return hasAhead || rest.hasNext();
    }

    public Object next() {
        Object next = hasAhead ? ahead : rest.next();
        hasAhead = false;
        index0++;
        previous = current;
        current = next;
        return next;
    }

    long index() {
        return index0 + 1;
    }

    /** Goes through what is left where it must. */
    long length() {
        if (length == null) {
            List<Object> left = new ArrayList<>();
            while (rest.hasNext()) {
                budget.steps(1);
                left.add(rest.next());
            }
            rest = left.iterator();
            length = left.size() + index() + (hasAhead ? 1 : 0);
        }
        return length;
    }

    private boolean peek() {
        if (!hasAhead && rest.hasNext()) {
            ahead = rest.next();
            hasAhead = true;
        }
        return hasAhead;
    }

    /** Null where there is no such attribute: none of them has the value None but the items. */
    public Object attribute(String name) {
        return switch (name) {
            case "index" -> index();
            case "index0" -> index0;
            case "revindex" -> length() - index0;
            case "revindex0" -> length() - index();
            case "first" -> index0 == 0;
            case "last" -> !peek();
            case "length" -> length();
            case "depth" -> 1L;
            case "depth0" -> 0L;
            default -> null;
        };
    }

    public Object previousItem() {
        return index0 == 0 ? new Undefined("there is no previous item") : previous;
    }

    public Object nextItem() {
        return peek() ? ahead : new Undefined("there is no next item");
    }

    public Object cycle(List<Object> values) {
        if (values.isEmpty()) {
            throw new TemplateError("loop.cycle() without values");
        }
        return values.get((int) (index0 % values.size()));
    }

    public boolean changed(List<Object> values) {
        Tuple seen = new Tuple(values);
        boolean changed = lastSeen == null || !Equality.equal(lastSeen, seen);
        lastSeen = changed ? seen : lastSeen;
        return changed;
    }
}
