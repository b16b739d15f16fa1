package org.xecomla.eval.tasks;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;

/**
 * Prompts to tokens as the harness's {@code HFLM} does: special tokens as the tokenizer adds them, the continuation's
 * tokens are those of the whole after as many as the context alone has, spaces that end the context begin the
 * continuation, and what is too long loses its beginning.
 */
public final class ContinuationEncoder {
    private final Tokenizer tokenizer;
    private final OptionalInt prefix;
    private final String prefixText;
    private final int maxLength;

    /** @param maxLength tokens that the model sees of one prompt, at most */
    public ContinuationEncoder(Tokenizer tokenizer, int maxLength) {
        this.tokenizer = tokenizer;
        this.prefix = tokenizer.bosTokenId().isPresent() ? tokenizer.bosTokenId() : tokenizer.eosTokenId();
        this.prefixText = prefix.isPresent() ? tokenizer.decode(new int[] {prefix.getAsInt()}, false) : "";
        this.maxLength = maxLength;
    }

    /** {@link #encode(TaskPrompt)} of each. */
    public List<Continuation> encode(List<TaskPrompt> prompts) {
        return prompts.stream().map(this::encode).toList();
    }

    /** @throws UserException where the continuation has no token of its own, or more than the model takes */
    public Continuation encode(TaskPrompt prompt) {
        int[] context;
        int[] whole;
        if (prompt.context().isEmpty()) {
            whole = afterPrefix(prompt.continuation());
            context = Arrays.copyOf(whole, 1);
        } else {
            String kept = PythonText.stripTrailing(prompt.context());
            context = withSpecial(kept);
            whole = withSpecial(prompt.context() + prompt.continuation());
        }
        int numScored = whole.length - context.length;
        if (numScored < 1 || numScored > maxLength) {
            throw new UserException("the answer \"" + prompt.continuation() + "\" has " + Math.max(0, numScored)
                    + " tokens of its own: it can be scored with 1 to " + maxLength);
        }
        System.arraycopy(context, 0, whole, 0, context.length);
        return new Continuation(
                Arrays.copyOfRange(whole, Math.max(0, whole.length - maxLength - 1), whole.length), numScored);
    }

    private int[] afterPrefix(String continuation) {
        int[] ids = tokenizer.encode(continuation);
        if (prefix.isEmpty() || (ids.length > 0 && ids[0] == prefix.getAsInt())) {
            return ids;
        }
        int[] whole = new int[ids.length + 1];
        whole[0] = prefix.getAsInt();
        System.arraycopy(ids, 0, whole, 1, ids.length);
        return whole;
    }

    private int[] withSpecial(String text) {
        boolean hasPrefix = !prefixText.isEmpty() && text.startsWith(prefixText);
        return hasPrefix ? tokenizer.encode(text) : tokenizer.encodeWithSpecialTokens(text);
    }
}
