package org.xecomla.corpus.chat.jinja.value;

/**
 * What one rendering may take.
 *
 * @param steps nodes evaluated and elements visited
 * @param characters in all strings that are made, the output among them
 * @param output characters
 * @param depth of the syntax tree, macros within macros included
 */
public record Limits(long steps, long characters, int output, int depth) {
    /**
     * Thousands of times what published templates take for long conversations; seconds of a core, some hundred
     * megabytes.
     */
    public static final Limits DEFAULT = new Limits(20_000_000, 128L << 20, 32 << 20, 400);
}
