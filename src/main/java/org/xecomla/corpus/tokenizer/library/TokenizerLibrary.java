package org.xecomla.corpus.tokenizer.library;

import org.xecomla.errors.UserException;

/**
 * One tokenizer in Hugging Face's Rust library. A panic there ends the process that it runs in, and nothing in Java can
 * catch it: see {@link #open}. Thread-safe.
 */
public interface TokenizerLibrary extends AutoCloseable {
    /**
     * A text's tokens with their places.
     *
     * @param ids (n)
     * @param starts (n): the first code point of each, -1 where a token has no place in the text
     * @param ends (n): the code point after each
     */
    record Encoded(int[] ids, int[] starts, int[] ends) {}

    /**
     * The tokenizer of {@code json}: in this process where {@code isPlain}, else in one of its own, whose end is an
     * error and no more.
     *
     * @param isPlain see {@link PlainTokenizer}
     * @param file for messages
     * @throws UserException where the library does not take it or ends over it
     */
    static TokenizerLibrary open(String json, boolean isPlain, String file) {
        return isPlain ? new InProcess(json, file) : ChildProcess.start(json, file);
    }

    /**
     * Token ids of {@code text}, well-formed UTF-16.
     *
     * @param special whether with those that the post-processor adds
     * @throws UserException where the library fails
     */
    int[] ids(String text, boolean special);

    /** Tokens of {@code text} with their places, no special ones added. */
    Encoded encode(String text);

    /** The text of {@code ids}. */
    String decode(long[] ids, boolean skipSpecialTokens);

    /** Frees it; it may not be used afterwards. */
    @Override
    void close();
}
