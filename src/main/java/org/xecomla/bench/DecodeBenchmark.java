package org.xecomla.bench;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Decoder;
import org.xecomla.nn.KvCache;
import org.xecomla.tensor.Arena;

/**
 * The rate at which a model decodes a batch of sequences that have nearly reached a context, and the memory of the
 * cache that it does so with. Ids are drawn at random: neither depends on them.
 */
public final class DecodeBenchmark implements AutoCloseable {
    private final KvCache cache;
    private final Arena arena;
    private final Decoder decoder;
    private final Random random = new Random(1);
    private final int vocabSize;
    private final int batch;
    private final int firstPosition;
    private final int numNew;

    /**
     * Fills a cache of exactly {@code context} tokens a sequence up to the last {@code numNew}.
     *
     * @param model whose longest sequence is at least {@code context}
     * @param numNew tokens of a turn, at least 1 and below {@code context}
     */
    public DecodeBenchmark(CausalLm model, int context, int batch, int numNew) {
        this.vocabSize = model.config().vocabSize();
        this.batch = batch;
        this.firstPosition = context - numNew;
        this.numNew = numNew;
        this.cache = new KvCache(model.config(), model.kernels(), batch, context);
        this.decoder = new Decoder(model, cache);
        this.arena = Arena.of(model.kernels(), decoder.arenaBytes(firstPosition));
        for (int slot = 0; slot < batch; slot++) {
            decoder.prefill(ids(firstPosition), slot, arena);
            arena.release(0);
        }
    }

    private int[] ids(int count) {
        return random.ints(count, 0, vocabSize).toArray();
    }

    /** Bytes that the cache really holds, for all sequences. */
    public long cacheBytes() {
        return cache.bytes();
    }

    /**
     * One turn: {@code numNew} steps of all sequences, each with its logits. Returns new tokens a second, of all
     * together.
     */
    public double tokensPerSecond() {
        int[] slots = IntStream.range(0, batch).toArray();
        int[] positions = new int[batch];
        long start = System.nanoTime();
        for (int i = 0; i < numNew; i++) {
            Arrays.fill(positions, firstPosition + i);
            decoder.logits(decoder.step(ids(batch), slots, positions, arena), arena);
            arena.release(0);
        }
        return (double) batch * numNew / ((System.nanoTime() - start) / 1e9);
    }

    @Override
    public void close() {
        arena.close();
        cache.close();
    }
}
