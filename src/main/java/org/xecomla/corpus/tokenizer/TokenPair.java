package org.xecomla.corpus.tokenizer;

import java.util.Arrays;

/**
 * A preference as token ids: of two answers to one prompt the first is preferred.
 *
 * @param prompt with its beginning-of-sequence token, where the model has one
 * @param chosen at least one id
 * @param rejected at least one id
 */
public record TokenPair(int[] prompt, int[] chosen, int[] rejected) {
    public TokenPair {
        if (chosen.length == 0 || rejected.length == 0) {
            throw new IllegalArgumentException("an answer without a token");
        }
    }

    /** Tokens of the longer of the two sequences. */
    public int length() {
        return prompt.length + Math.max(chosen.length, rejected.length);
    }

    /** Tokens of both sequences. */
    public long numTokens() {
        return 2L * prompt.length + chosen.length + rejected.length;
    }

    /**
     * Cut as preference trainers do: where prompt and longer answer are above {@code maxLength}, the prompt keeps its
     * last {@code maxPromptLength} ids, and what is too long even then keeps the beginning of its answer.
     */
    public TokenPair truncated(int maxLength, int maxPromptLength) {
        if (length() <= maxLength) {
            return this;
        }
        int kept = Math.min(prompt.length, maxPromptLength);
        int room = maxLength - kept;
        return new TokenPair(
                Arrays.copyOfRange(prompt, prompt.length - kept, prompt.length),
                first(chosen, room),
                first(rejected, room));
    }

    private static int[] first(int[] ids, int count) {
        return Arrays.copyOf(ids, Math.min(ids.length, count));
    }
}
