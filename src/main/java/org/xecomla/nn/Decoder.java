package org.xecomla.nn;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.xecomla.errors.UserException;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * Inference with a cache: a prompt at once, then token by token. Latent layers decode by absorption: the query takes
 * W_UK and the mixed latents take W_UV, so that keys and values never exist (DeepSeek-V2, section 2.1.2). Not
 * thread-safe. Legend: T tokens of a prompt, n sequences, D model, V vocabulary.
 */
public final class Decoder {
    private final CausalLm model;
    private final KvCache cache;

    /** @param cache made for the model's configuration and type */
    public Decoder(CausalLm model, KvCache cache) {
        this.model = model;
        this.cache = cache;
    }

    /**
     * Reads a prompt into an empty slot. Returns the hidden state of its last token, after the final norm, (1, D), on
     * top of the arena.
     *
     * @param ids (T)
     * @throws UserException where the prompt is longer than a slot or the model's longest sequence, or an id is outside
     *     the vocabulary
     */
    public Tensor prefill(int[] ids, int slot, Arena arena) {
        if (ids.length > cache.capacity()) {
            throw new UserException("a prompt of " + ids.length + " tokens does not fit a cache of " + cache.capacity()
                    + ": shorten it");
        }
        Tensor last = arena.matrix(1, model.config().hiddenSize()); // (1, D)
        long mark = arena.mark();
        Tensor hidden = model.backbone().inference(ids, Sequences.of(1, ids.length), arena, (l, block, seen, y) -> {
            Tensor tokens = cache.tokens(l, slot, 0, ids.length); // (T, E)
            block.attention().store(seen.attention(), tokens, arena);
        }); // (T, D)
        model.kernels().elementwise().copy(hidden.rows(ids.length - 1, ids.length), last); // (1, D)
        arena.release(mark);
        return last;
    }

    /**
     * One more token of several sequences. Returns their hidden states after the final norm, (n, D), on top of the
     * arena.
     *
     * @param ids (n), the new tokens
     * @param slots (n), all different, each holding tokens up to its position
     * @param positions (n) of the new tokens, counted from 0
     */
    public Tensor step(int[] ids, int[] slots, int[] positions, Arena arena) {
        for (int position : positions) {
            if (position >= Math.min(cache.capacity(), model.maxSequenceLength())) {
                throw new UserException("no room for a token at position " + position + ": the cache holds "
                        + cache.capacity() + " tokens and the model's longest sequence is "
                        + model.maxSequenceLength());
            }
        }
        DecodeStep step = new DecodeStep(cache, 0, slots, Indices.of(positions), model.kernels());
        return model.backbone().decode(ids, step, arena); // (n, D)
    }

    /** Logits of hidden states: (n, V) on top of the arena. */
    public Tensor logits(Tensor hidden, Arena arena) {
        Tensor logits = arena.matrix(hidden.rows(), model.config().vocabSize()); // (n, V)
        model.logits(hidden, logits);
        return logits;
    }

    /**
     * Elements that an arena must hold for prompts of up to {@code longestPrompt} tokens and steps of all slots, each
     * with its logits.
     */
    public long arenaBytes(int longestPrompt) {
        int[] ids = new int[longestPrompt];
        int[] slots = IntStream.range(0, cache.numSlots()).toArray();
        int[] positions = new int[slots.length];
        Arrays.fill(positions, Math.min(cache.capacity(), model.maxSequenceLength()) - 1);
        return model.arenaBytes((sized, arena) -> {
            Decoder decoder = new Decoder(sized, cache);
            decoder.logits(decoder.prefill(ids, 0, arena), arena);
            arena.release(0);
            decoder.logits(decoder.step(new int[slots.length], slots, positions, arena), arena);
        });
    }
}
