package org.xecomla.nn;

import java.util.List;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * What decoding keeps of the tokens it has seen, for a number of sequences, each in a slot of its own. A token of a
 * latent layer is its latent, normalised where the layer has a norm, and its rotated rope key; of a grouped-query layer
 * its rotated keys, then its values; of one whose keys and values have latents, that of the keys, then that of the
 * values.
 *
 * <p>Only memory: whoever decodes knows how many tokens a slot holds. Allocated once. Legend: E elements of a token in
 * one layer.
 */
public final class KvCache implements AutoCloseable {
    private final List<Tensor> layers; // each (slots*capacity, E): token t of slot s is row s * capacity + t
    private final int numSlots;
    private final int capacity;

    /**
     * @param kernels that decode
     * @param numSlots sequences
     * @param capacity tokens of each
     */
    public KvCache(ModelConfig config, Kernels kernels, int numSlots, int capacity) {
        this.numSlots = numSlots;
        this.capacity = capacity;
        this.layers = config.attention().stream()
                .mapToInt(AttentionConfig::kvElementsPerToken)
                .mapToObj(e -> kernels.memory()
                        .zeros(kernels.type(), Math.multiplyExact(numSlots, capacity), e)) // (slots*capacity, E)
                .toList();
    }

    public int numSlots() {
        return numSlots;
    }

    /** Tokens that a slot can hold. */
    public int capacity() {
        return capacity;
    }

    /** Bytes of the memory that was allocated. */
    public long bytes() {
        return layers.stream()
                .mapToLong(layer -> layer.storage().length() * layer.type().width())
                .sum();
    }

    /** Allocated bytes for each token that fits. */
    public double bytesPerToken() {
        return (double) bytes() / numSlots / capacity;
    }

    /** Tokens {@code from} (inclusive) to {@code to} (exclusive) of a slot, (to - from, E). */
    Tensor tokens(int layer, int slot, int from, int to) {
        int first = slot * capacity;
        return layers.get(layer).rows(first, first + capacity).rows(from, to);
    }

    @Override
    public void close() {
        layers.forEach(layer -> layer.storage().close());
    }
}
