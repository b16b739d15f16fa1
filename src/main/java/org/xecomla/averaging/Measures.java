package org.xecomla.averaging;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

/**
 * What a run measures while it trains, each a sum and how much it is of: to be added up over micro-batches, steps and
 * replicas before anything is divided. An objective measures the same names every time, {@value #LOSS} among them.
 */
public record Measures(SortedMap<String, Mean> means) {
    /** What is minimised. */
    public static final String LOSS = "loss";

    public static final Measures NONE = new Measures(new TreeMap<>());

    /** A mean whose two parts are kept apart. */
    public record Mean(double sum, double count) {
        public Mean plus(Mean other) {
            return new Mean(sum + other.sum, count + other.count);
        }

        /** 0 where it is of nothing. */
        public double value() {
            return count == 0 ? 0 : sum / count;
        }
    }

    public Measures {
        means = Collections.unmodifiableSortedMap(new TreeMap<>(means));
    }

    /** These and one more. */
    public Measures with(String name, double sum, double count) {
        SortedMap<String, Mean> more = new TreeMap<>(means);
        more.put(name, new Mean(sum, count));
        return new Measures(more);
    }

    public Measures plus(Measures other) {
        SortedMap<String, Mean> all = new TreeMap<>(means);
        other.means.forEach((name, mean) -> all.merge(name, mean, Mean::plus));
        return new Measures(all);
    }

    /** The mean of this name; 0 where it was not measured. */
    public double value(String name) {
        Mean mean = means.get(name);
        return mean == null ? 0 : mean.value();
    }

    public double loss() {
        return value(LOSS);
    }

    /** Sums and counts in the order of names. */
    public double[] parts() {
        return means.values().stream()
                .flatMapToDouble(mean -> DoubleStream.of(mean.sum, mean.count))
                .toArray();
    }

    /** The same names with other {@link #parts()}. */
    public Measures ofParts(double[] parts) {
        SortedMap<String, Mean> all = new TreeMap<>();
        int at = 0;
        for (String name : means.keySet()) {
            all.put(name, new Mean(parts[at], parts[at + 1]));
            at += 2;
        }
        return new Measures(all);
    }
}
