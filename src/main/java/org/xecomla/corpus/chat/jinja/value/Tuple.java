package org.xecomla.corpus.chat.jinja.value;

import java.util.Arrays;
import java.util.List;

/** A tuple; unlike a list in how it prints and in that it may be a key. */
public record Tuple(List<Object> items) {
    public static Tuple of(Object... items) {
        return new Tuple(Arrays.asList(items));
    }
}
