package org.xecomla.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Weights, gradients or moments of a model: a few flat segments with named views. Zeroing, clipping, AdamW, averaging
 * and saving are one loop over {@link #segments()}.
 */
public final class ParameterStore implements AutoCloseable {
    private final ParameterLayout layout;
    private final ElementType type;
    private final List<Tensor> segments; // each (1, length)

    private ParameterStore(ParameterLayout layout, ElementType type, List<Tensor> segments) {
        this.layout = layout;
        this.type = type;
        this.segments = segments;
    }

    private static ParameterStore of(
            ParameterLayout layout, ElementType type, int numSegments, IntFunction<Tensor> make) {
        List<Tensor> made = new ArrayList<>();
        for (long length : layout.segmentLengths().subList(0, numSegments)) {
            made.add(make.apply(Math.toIntExact(length))); // (1, length)
        }
        return new ParameterStore(layout, type, List.copyOf(made));
    }

    /** A store of all parameters, set to zero. */
    public static ParameterStore zeros(ParameterLayout layout, Memory memory, ElementType type) {
        return of(layout, type, layout.segmentLengths().size(), length -> memory.zeros(type, 1, length));
    }

    /**
     * A store of all parameters on top of {@code arena}: released with it, not closed. On a sizing arena it has shapes
     * and no memory, and is only for {@code SizingKernels}.
     */
    public static ParameterStore on(Arena arena, ParameterLayout layout) {
        return of(layout, arena.type(), layout.segmentLengths().size(), length -> arena.matrix(1, length));
    }

    /** A store of the trainable parameters only, set to zero: gradients and moments. */
    public static ParameterStore zerosOfTrainable(ParameterLayout layout, Memory memory, ElementType type) {
        return of(layout, type, layout.numTrainableSegments(), length -> memory.zeros(type, 1, length));
    }

    /** A store of the trainable parameters only on top of {@code arena}. */
    public static ParameterStore trainableOn(Arena arena, ParameterLayout layout) {
        return of(layout, arena.type(), layout.numTrainableSegments(), length -> arena.matrix(1, length));
    }

    public ParameterLayout layout() {
        return layout;
    }

    public ElementType type() {
        return type;
    }

    /**
     * All segments of this store, each (1, length). The first {@link ParameterLayout#numTrainableSegments} are
     * trainable.
     */
    public List<Tensor> segments() {
        return segments;
    }

    /** The segments that the optimiser moves and replicas average. */
    public List<Tensor> trainableSegments() {
        return segments.subList(0, layout.numTrainableSegments());
    }

    /**
     * The view (rows, cols) of a parameter, or null where this store holds trainable parameters only and it is frozen.
     */
    public Tensor get(String name) {
        ParameterLayout.Place place = layout.places().get(name);
        if (place == null) {
            throw new IllegalArgumentException("the model has no parameter " + name);
        }
        if (place.segment() >= segments.size()) {
            return null;
        }
        Tensor segment = segments.get(place.segment());
        ParameterLayout.Spec spec = place.spec();
        return new Tensor(
                segment.storage(), type, segment.offset() + place.offset(), spec.rows(), spec.cols(), spec.cols());
    }

    @Override
    public void close() {
        segments.forEach(segment -> segment.storage().close());
    }
}
