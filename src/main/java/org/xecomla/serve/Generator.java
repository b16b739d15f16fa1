package org.xecomla.serve;

import java.util.Arrays;
import org.xecomla.config.UserException;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * Continues a sequence token by token. Every token costs a forward over the whole sequence so far. Not thread-safe.
 * Legend: T time, D model, V vocabulary.
 */
public final class Generator {
    private final CausalLm model;

    public Generator(CausalLm model) {
        this.model = model;
    }

    /**
     * The tokens after {@code prompt}: at most {@code maxTokens}, fewer where the model's end token comes (it is not part of
     * them) or its longest sequence is reached.
     *
     * @param prompt token ids, commonly with the model's BOS first
     * @throws UserException where the prompt is empty, longer than the model's longest sequence, or has an id outside the
     *     vocabulary
     */
    public int[] generate(int[] prompt, int maxTokens, Sampler sampler) {
        if (prompt.length == 0) {
            throw new UserException("the prompt has no token: give some text");
        }
        int room = model.maxSequenceLength() - prompt.length;
        if (room < 0) {
            throw new UserException("the prompt has " + prompt.length + " tokens, and the model's longest sequence "
                    + model.maxSequenceLength() + ": shorten it");
        }
        int[] ids = Arrays.copyOf(prompt, prompt.length + Math.min(maxTokens, room));
        int length = prompt.length;
        try (Arena arena = arena(ids.length)) {
            while (length < ids.length) {
                int next = sampler.pick(lastLogits(Arrays.copyOf(ids, length), arena));
                if (next == model.config().eosTokenId()) {
                    break;
                }
                ids[length++] = next;
            }
        }
        return Arrays.copyOfRange(ids, prompt.length, length);
    }

    private Arena arena(int longest) {
        int[] ids = new int[longest];
        long elements = model.arenaElements((sized, sizing) -> logits(sized, ids, sizing));
        return Arena.ofElements(model.weights().type(), elements);
    }

    private double[] lastLogits(int[] ids, Arena arena) {
        long mark = arena.mark();
        double[] logits = logits(model, ids, arena).toDoubles(); // (V)
        arena.release(mark);
        return logits;
    }

    private static Tensor logits(CausalLm model, int[] ids, Arena arena) {
        Tensor hidden = model.hiddenStates(ids, 1, arena, null); // (T, D)
        Tensor logits = arena.matrix(1, model.config().vocabSize()); // (1, V)
        model.logits(hidden.rows(ids.length - 1, ids.length), logits); // (1, V)
        return logits;
    }
}
