package org.xecomla.serve;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xecomla.errors.UserException;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Decoder;
import org.xecomla.nn.KvCache;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * Continues prompts token by token, several at once, over a cache of what it has seen. Not thread-safe. Legend: n
 * sequences that still go on, V vocabulary.
 */
public final class Generator {
    /**
     * One sequence to continue.
     *
     * @param ids its prompt, commonly with the model's BOS first
     * @param sampler its own: what is drawn does not depend on the other prompts
     */
    public record Prompt(int[] ids, Sampler sampler) {}

    /**
     * What came out.
     *
     * @param added the new tokens of every prompt, in their order
     * @param cacheBytes memory that was allocated for the cache
     * @param cacheTokens tokens that it has room for, all prompts together
     */
    public record Result(List<int[]> added, long cacheBytes, long cacheTokens) {}

    /** A prompt in its slot and what has been added to it. */
    private static final class Sequence {
        private final int slot;
        private final Prompt prompt;
        private final int[] added;
        private int numAdded;
        private boolean open;

        Sequence(int slot, Prompt prompt, int room) {
            this.slot = slot;
            this.prompt = prompt;
            this.added = new int[room];
            this.open = room > 0;
        }

        int position() {
            return prompt.ids.length + numAdded - 1; // of the newest token
        }

        int[] result() {
            return Arrays.copyOf(added, numAdded);
        }

        void take(double[] logits, StopRule stop) {
            int token = prompt.sampler.pick(logits);
            if (stop.endTokens().contains(token)) {
                open = false;
                return;
            }
            added[numAdded++] = token;
            open = numAdded < added.length && !stop.complete().test(result());
        }
    }

    private final CausalLm model;

    public Generator(CausalLm model) {
        this.model = model;
    }

    /** {@link #generate(List, int, StopRule)} of one prompt. */
    public int[] generate(int[] prompt, int maxTokens, Sampler sampler, StopRule stop) {
        return generate(List.of(new Prompt(prompt, sampler)), maxTokens, stop)
                .added
                .get(0);
    }

    /**
     * The tokens after each prompt: at most {@code maxTokens}, fewer where {@code stop} says so or the model's longest
     * sequence is reached.
     *
     * @throws UserException where a prompt is empty, longer than the model's longest sequence, or has an id outside the
     *     vocabulary
     */
    public Result generate(List<Prompt> prompts, int maxTokens, StopRule stop) {
        List<Sequence> sequences = sequences(prompts, maxTokens);
        int longestPrompt = prompts.stream().mapToInt(p -> p.ids.length).max().orElseThrow();
        int capacity = sequences.stream()
                .mapToInt(s -> s.prompt.ids.length + s.added.length)
                .max()
                .orElseThrow();
        try (KvCache cache = new KvCache(model.config(), model.kernels(), prompts.size(), capacity)) {
            Decoder decoder = new Decoder(model, cache);
            try (Arena arena = Arena.of(model.kernels(), decoder.arenaBytes(longestPrompt))) {
                run(sequences, decoder, stop, arena);
            }
            List<int[]> added = sequences.stream().map(Sequence::result).toList();
            return new Result(added, cache.bytes(), (long) cache.numSlots() * cache.capacity());
        }
    }

    private List<Sequence> sequences(List<Prompt> prompts, int maxTokens) {
        List<Sequence> sequences = new ArrayList<>();
        for (Prompt prompt : prompts) {
            if (prompt.ids.length == 0) {
                throw new UserException("the prompt has no token: give some text");
            }
            int room = model.maxSequenceLength() - prompt.ids.length;
            if (room < 0) {
                throw new UserException("the prompt has " + prompt.ids.length
                        + " tokens, and the model's longest sequence " + model.maxSequenceLength() + ": shorten it");
            }
            sequences.add(new Sequence(sequences.size(), prompt, Math.min(maxTokens, room)));
        }
        return sequences;
    }

    private void run(List<Sequence> sequences, Decoder decoder, StopRule stop, Arena arena) {
        for (Sequence sequence : sequences) {
            if (sequence.open) {
                Tensor hidden = decoder.prefill(sequence.prompt.ids, sequence.slot, arena); // (1, D)
                sequence.take(decoder.logits(hidden, arena).toDoubles(), stop);
                arena.release(0);
            }
        }
        List<Sequence> open = stillOpen(sequences);
        while (!open.isEmpty()) {
            step(open, decoder, stop, arena);
            open = stillOpen(open);
        }
    }

    private static List<Sequence> stillOpen(List<Sequence> sequences) {
        return sequences.stream().filter(sequence -> sequence.open).toList();
    }

    private static void step(List<Sequence> open, Decoder decoder, StopRule stop, Arena arena) {
        int[] ids = open.stream().mapToInt(s -> s.added[s.numAdded - 1]).toArray();
        int[] slots = open.stream().mapToInt(s -> s.slot).toArray();
        int[] positions = open.stream().mapToInt(Sequence::position).toArray();
        Tensor logits = decoder.logits(decoder.step(ids, slots, positions, arena), arena); // (n, V)
        for (int i = 0; i < ids.length; i++) {
            open.get(i).take(logits.rows(i, i + 1).toDoubles(), stop);
        }
        arena.release(0);
    }
}
