package org.xecomla.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where every named parameter lies in a flat store: trainable ones first, frozen ones in segments of their own.
 *
 * <p>A parameter never straddles two segments. A vector is (1, n). Names are those of the Hugging Face checkpoint.
 */
public final class ParameterLayout {
    private static final long SEGMENT_ELEMENTS = 1L << 28; // 1 GiB of float

    /** Name, shape and whether the optimiser moves it. */
    public record Spec(String name, int rows, int cols, boolean trainable) {
        public long length() {
            return (long) rows * cols;
        }
    }

    /** A parameter's segment, its first element there, and its shape. */
    public record Place(int segment, long offset, Spec spec) {}

    private final Map<String, Place> places;
    private final List<Long> segmentLengths;
    private final int numTrainableSegments;

    private ParameterLayout(Map<String, Place> places, List<Long> segmentLengths, int numTrainableSegments) {
        this.places = Collections.unmodifiableMap(places);
        this.segmentLengths = List.copyOf(segmentLengths);
        this.numTrainableSegments = numTrainableSegments;
    }

    /** Lays out {@code specs} in their order. */
    public static ParameterLayout of(List<Spec> specs) {
        Map<String, Place> places = new LinkedHashMap<>();
        List<Long> lengths = new ArrayList<>();
        place(specs.stream().filter(Spec::trainable).toList(), places, lengths);
        int numTrainable = lengths.size();
        place(specs.stream().filter(s -> !s.trainable()).toList(), places, lengths);
        if (places.size() != specs.size()) {
            throw new IllegalArgumentException("two parameters have the same name");
        }
        return new ParameterLayout(places, lengths, numTrainable);
    }

    private static void place(List<Spec> specs, Map<String, Place> places, List<Long> lengths) {
        int first = lengths.size();
        for (Spec spec : specs) {
            int last = lengths.size() - 1;
            if (last < first || lengths.get(last) + spec.length() > SEGMENT_ELEMENTS) {
                lengths.add(0L);
                last++;
            }
            places.put(spec.name(), new Place(last, lengths.get(last), spec));
            lengths.set(last, lengths.get(last) + spec.length());
        }
    }

    public Map<String, Place> places() {
        return places;
    }

    public List<Long> segmentLengths() {
        return segmentLengths;
    }

    /** Segments 0 to this (exclusive) hold the trainable parameters. */
    public int numTrainableSegments() {
        return numTrainableSegments;
    }

    public long numParameters() {
        return segmentLengths.stream().mapToLong(Long::longValue).sum();
    }

    public long numTrainableParameters() {
        return segmentLengths.subList(0, numTrainableSegments).stream()
                .mapToLong(Long::longValue)
                .sum();
    }
}
