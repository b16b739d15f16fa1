package org.xecomla.nn;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;

/** The rope tables of a model: one for every kind of rope among its layers. */
final class RopeTables implements AutoCloseable {
    private record Key(int ropeDim, RopeScaling scaling) {}

    private final Map<Key, RopeTable> tables = new HashMap<>();

    private RopeTables(ModelConfig config, Function<Key, RopeTable> make) {
        config.attention().forEach(attention -> tables.computeIfAbsent(key(attention), make));
    }

    static RopeTables of(ModelConfig config, int numPositions, Kernels kernels) {
        return new RopeTables(
                config,
                key -> RopeTable.of(
                        RopeFrequencies.of(key.ropeDim, config.ropeTheta(), key.scaling),
                        numPositions,
                        kernels.memory(),
                        kernels.type()));
    }

    /** Tables that have shapes and no memory: only for {@code SizingKernels}. */
    static RopeTables sizing(ModelConfig config, int numPositions, ElementType type) {
        return new RopeTables(config, key -> RopeTable.sizing(key.ropeDim, numPositions, type));
    }

    private static Key key(AttentionConfig attention) {
        return new Key(attention.ropeDim(), attention.ropeScaling());
    }

    RopeTable get(AttentionConfig attention) {
        return tables.get(key(attention));
    }

    long numElements() {
        return tables.values().stream().mapToLong(RopeTable::numElements).sum();
    }

    @Override
    public void close() {
        tables.values().forEach(RopeTable::close);
    }
}
