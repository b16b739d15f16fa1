package org.xecomla.corpus.chat.jinja;

import java.util.List;

/**
 * What a template made of its variables.
 *
 * @param generations what stands between its generation tags, in order
 * @param generationsAreKnown false where a tag stands in a macro or in what is gathered before it is written:
 *     transformers itself does not know its place then
 */
public record Rendering(String text, List<Span> generations, boolean generationsAreKnown) {
    public Rendering {
        generations = List.copyOf(generations);
    }

    /** Places [start, end) in the text, in Java's chars. */
    public record Span(int start, int end) {}
}
