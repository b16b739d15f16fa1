package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.upcycle.SlotSearch.Candidate;
import org.xecomla.upcycle.slots.PhasedPlan;
import org.xecomla.upcycle.slots.RopeSlot;

/**
 * Chooses the slots of all layers by {@link SlotSearch}: all candidates with one weight of the keys on a few windows,
 * then the best with several weights on more.
 */
final class SlotChoice {
    /** Asked for the errors of each layer's candidates, wherever they are computed. */
    @FunctionalInterface
    interface Evaluator {
        /**
         * @param candidates of each layer
         * @return errors, layer by layer, in the order of the candidates
         */
        List<List<Double>> errors(List<List<Candidate>> candidates, int numWindows);
    }

    /**
     * What was chosen for a layer.
     *
     * @param error of {@link SlotSearch}
     * @param numTried candidates that it was chosen from
     */
    record Chosen(PhasedPlan plan, double error, int numTried) {}

    private static final double FIRST_KEY_WEIGHT = 0.4;
    private static final List<Double> KEY_WEIGHTS = List.of(0.1, 0.2, 0.4, 0.7, 1.0);
    private static final int FIRST_WINDOWS = 3;
    static final int LAST_WINDOWS = 8;
    private static final int NUM_FINALISTS = 6;

    private final Evaluator evaluator;
    private final int numLayers;

    SlotChoice(Evaluator evaluator, int numLayers) {
        this.evaluator = evaluator;
        this.numLayers = numLayers;
    }

    /** The same slots in all layers, those with the smallest sum of errors; weights of keys differ. */
    List<Chosen> shared(List<List<RopeSlot>> slots) {
        double[] sums = new double[slots.size()];
        for (List<Double> layer : first(slots)) {
            for (int i = 0; i < sums.length; i++) {
                sums[i] += layer.get(i);
            }
        }
        List<List<RopeSlot>> finalists = best(
                slots, IntStream.range(0, sums.length).mapToObj(i -> sums[i]).toList());
        List<List<Double>> errors = evaluator.errors(Collections.nCopies(numLayers, weighted(finalists)), LAST_WINDOWS);
        int numWeights = KEY_WEIGHTS.size();
        int best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int f = 0; f < finalists.size(); f++) {
            int from = f * numWeights;
            double sum = errors.stream()
                    .mapToDouble(layer -> Collections.min(layer.subList(from, from + numWeights)))
                    .sum();
            if (sum < least) {
                least = sum;
                best = f;
            }
        }
        int from = best * numWeights;
        List<Candidate> candidates = weighted(finalists).subList(from, from + numWeights);
        return errors.stream()
                .map(layer -> chosen(candidates, layer.subList(from, from + numWeights), slots.size()))
                .toList();
    }

    /** Every layer its own. */
    List<Chosen> own(List<List<RopeSlot>> slots) {
        List<List<Candidate>> finalists = first(slots).stream()
                .map(errors -> weighted(best(slots, errors)))
                .toList();
        List<List<Double>> errors = evaluator.errors(finalists, LAST_WINDOWS);
        return IntStream.range(0, numLayers)
                .mapToObj(l -> chosen(finalists.get(l), errors.get(l), slots.size()))
                .toList();
    }

    private List<List<Double>> first(List<List<RopeSlot>> slots) {
        List<Candidate> all =
                slots.stream().map(s -> new Candidate(s, FIRST_KEY_WEIGHT)).toList();
        return evaluator.errors(Collections.nCopies(numLayers, all), FIRST_WINDOWS);
    }

    private static List<List<RopeSlot>> best(List<List<RopeSlot>> slots, List<Double> errors) {
        return IntStream.range(0, slots.size())
                .boxed()
                .sorted(Comparator.comparingDouble(errors::get))
                .limit(NUM_FINALISTS)
                .map(slots::get)
                .toList();
    }

    private static List<Candidate> weighted(List<List<RopeSlot>> slots) {
        List<Candidate> candidates = new ArrayList<>();
        for (List<RopeSlot> each : slots) {
            KEY_WEIGHTS.forEach(weight -> candidates.add(new Candidate(each, weight)));
        }
        return candidates;
    }

    private static Chosen chosen(List<Candidate> candidates, List<Double> errors, int numTried) {
        int best = IntStream.range(0, errors.size())
                .boxed()
                .min(Comparator.comparingDouble(errors::get))
                .orElseThrow();
        Candidate winner = candidates.get(best);
        return new Chosen(new PhasedPlan(winner.slots(), winner.keyWeight(), true), errors.get(best), numTried);
    }
}
