package org.xecomla.upcycle.slots;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Ways to cut the base's rotary planes into slots of a student's shared rope key. Legend: E head dimension, S slots.
 *
 * @param frequencies of the base's planes, descending (E/2)
 * @param elements cached elements of the layer: 2S of the rope key and at least one of the latent
 */
public record SlotCandidates(List<Double> frequencies, int elements) {
    /** Up to so many planes every partition is tried; beyond, geometric sequences only. */
    private static final int FEW_PLANES = 4;

    /** By how much of the base's own span of frequencies a student's spans. */
    private static final double[] SPANS = {1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3};

    /** First frequencies, as shares of the base's first, where a student may have its own. */
    private static final double[] OWN_TOPS = {1, 0.3, 0.1};

    private static final double HALF_DECADE = 0.5;

    /**
     * Slots whose frequencies are theta'<sup>-i/S</sup>: what every server computes of a {@code rope_theta} for a rope
     * dimension of 2S.
     */
    public List<List<RopeSlot>> servable() {
        Set<List<RopeSlot>> found = new LinkedHashSet<>();
        for (int numSlots : slotCounts()) {
            addGeometric(found, numSlots, 1);
        }
        return List.copyOf(found);
    }

    /** Slots with frequencies of their own, which only this project's format holds. */
    public List<List<RopeSlot>> own() {
        Set<List<RopeSlot>> found = new LinkedHashSet<>();
        if (frequencies.size() <= FEW_PLANES) {
            partitions().forEach(groups -> addPartition(found, groups, 0, List.of()));
            return List.copyOf(found);
        }
        for (int numSlots : slotCounts()) {
            for (double top : OWN_TOPS) {
                addGeometric(found, numSlots, top * frequencies.get(0));
            }
        }
        return List.copyOf(found);
    }

    private List<Integer> slotCounts() {
        int half = frequencies.size();
        IntStream counts =
                half <= 2 * FEW_PLANES ? IntStream.rangeClosed(1, half) : IntStream.of(half / 4, half / 2, half);
        return counts.filter(n -> elements - 2 * n >= 1).boxed().toList();
    }

    /** Frequencies top rho^i; every plane goes to the nearest in the logarithm; none may be left without planes. */
    private void addGeometric(Set<List<RopeSlot>> found, int numSlots, double top) {
        double span = Math.log(frequencies.get(0) / frequencies.get(frequencies.size() - 1));
        for (double share : SPANS) {
            double step = numSlots == 1 ? 0 : -span * share / (numSlots - 1);
            List<Double> chosen = IntStream.range(0, numSlots)
                    .mapToObj(i -> top * Math.exp(step * i))
                    .toList();
            List<RopeSlot> slots = nearest(chosen);
            if (slots.size() == numSlots) {
                found.add(slots);
            }
        }
    }

    private List<RopeSlot> nearest(List<Double> chosen) {
        List<List<Integer>> planes = new ArrayList<>();
        chosen.forEach(f -> planes.add(new ArrayList<>()));
        for (int j = 0; j < frequencies.size(); j++) {
            int best = 0;
            for (int i = 1; i < chosen.size(); i++) {
                if (distance(chosen.get(i), j) < distance(chosen.get(best), j)) {
                    best = i;
                }
            }
            planes.get(best).add(j);
        }
        return IntStream.range(0, chosen.size())
                .filter(i -> !planes.get(i).isEmpty())
                .mapToObj(i -> new RopeSlot(planes.get(i), 0, chosen.get(i)))
                .toList();
    }

    private double distance(double frequency, int plane) {
        return Math.abs(Math.log(frequency / frequencies.get(plane)));
    }

    /** Every subset of the planes, cut into groups of neighbours in it in every way. */
    private List<List<List<Integer>>> partitions() {
        List<List<List<Integer>>> all = new ArrayList<>();
        for (int mask = 1; mask < 1 << frequencies.size(); mask++) {
            int members = mask;
            List<Integer> planes = IntStream.range(0, frequencies.size())
                    .filter(j -> (members >> j & 1) == 1)
                    .boxed()
                    .toList();
            for (int cuts = 0; cuts < 1 << (planes.size() - 1); cuts++) {
                List<List<Integer>> groups = new ArrayList<>();
                int from = 0;
                for (int i = 1; i <= planes.size(); i++) {
                    if (i == planes.size() || ((cuts >> (i - 1)) & 1) == 1) {
                        groups.add(planes.subList(from, i));
                        from = i;
                    }
                }
                if (elements - 2 * groups.size() >= 1) {
                    all.add(groups);
                }
            }
        }
        return all;
    }

    /** Every choice of a frequency for each group from {@code next} on, behind the slots that are chosen. */
    private void addPartition(Set<List<RopeSlot>> found, List<List<Integer>> groups, int next, List<RopeSlot> chosen) {
        if (next == groups.size()) {
            found.add(chosen);
            return;
        }
        for (double frequency : between(groups.get(next))) {
            List<RopeSlot> more = new ArrayList<>(chosen);
            more.add(new RopeSlot(groups.get(next), 0, frequency));
            addPartition(found, groups, next + 1, Collections.unmodifiableList(more));
        }
    }

    /** From a group's lowest frequency to its highest in steps of about half a decade. */
    private List<Double> between(List<Integer> group) {
        double low = Math.log10(frequencies.get(group.get(group.size() - 1)));
        double high = Math.log10(frequencies.get(group.get(0)));
        int steps = (int) Math.rint((high - low) / HALF_DECADE);
        if (steps == 0) {
            return List.of(frequencies.get(group.get(0)));
        }
        return IntStream.rangeClosed(0, steps)
                .mapToObj(i -> Math.pow(10, low + (high - low) * i / steps))
                .toList();
    }
}
