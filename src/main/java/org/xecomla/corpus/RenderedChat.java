package org.xecomla.corpus;

import java.util.List;

/**
 * A conversation as the model reads it, and what of it the assistant says.
 *
 * @param assistant in order, apart from each other
 */
record RenderedChat(String text, List<Span> assistant) {
    RenderedChat {
        assistant = List.copyOf(assistant);
    }

    /** Places [start, end) in the text, in Java's chars. */
    record Span(int start, int end) {}
}
