package org.xecomla.corpus.tokenizer;

/**
 * A document's tokens and which of them are to be learned.
 *
 * @param ids (n)
 * @param counted (n): whether the token is learned, that is predicted by the position before it
 */
public record MaskedTokens(int[] ids, boolean[] counted) {
    public MaskedTokens {
        if (ids.length != counted.length) {
            throw new IllegalArgumentException(ids.length + " ids, " + counted.length + " marks");
        }
    }
}
