package org.xecomla.upcycle;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.xecomla.config.UpcycleConfig.Method;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.upcycle.base.RankPolicy;
import org.xecomla.upcycle.slots.PhasedPlan;
import org.xecomla.upcycle.slots.RopeSlot;

/** Starts of every method from random bases of two layers, and how far they are from them. */
final class Starts {
    static final int HEAD_DIM = 8;

    private Starts() {}

    /**
     * Heads and rope as wide as the base's.
     *
     * @param queryRank null: full q_proj
     */
    static LayerPlan plan(Method method, int kvRank, RankPolicy queryRank, RopeRows rows, RopeScaling rope) {
        List<Double> frequencies = RopeFrequencies.of(HEAD_DIM, 10000, rope).inverse();
        List<RopeSlot> slots = IntStream.range(0, HEAD_DIM / 2)
                .mapToObj(j -> new RopeSlot(List.of(j), 0, frequencies.get(j)))
                .toList();
        PhasedPlan phased = method == Method.PHASED ? new PhasedPlan(slots, 0.4, true) : null;
        return new LayerPlan(
                0,
                method,
                new RankPolicy.Fixed(kvRank),
                queryRank,
                HEAD_DIM,
                HEAD_DIM,
                rows,
                SingularValues.DOWN,
                false,
                phased == null ? rope : phased.ropeScaling(),
                phased);
    }

    private static int[] ids(RandomBase base, int seed) {
        return new Random(seed).ints(24, 0, base.config().vocabSize()).toArray();
    }

    /** Both layers by {@code plan}, calibrated on other ids than {@link #distance} looks at. */
    static List<UpcycledLayer> layers(RandomBase base, LayerPlan plan) {
        List<int[]> windows =
                IntStream.range(0, 12).mapToObj(seed -> ids(base, seed)).toList();
        Calibration calibration = Goldens.calibration(base, windows);
        return IntStream.range(0, 2)
                .mapToObj(l -> StudentInitializer.layer(base, plan.ofLayer(l), calibration.layer(l)))
                .toList();
    }

    /** Of the logits of the student with these layers from the base's. */
    static double distance(RandomBase base, List<UpcycledLayer> layers) {
        try (Student student = Goldens.student(base, layers);
                Student same = Goldens.student(base, List.of())) {
            return Goldens.difference(
                    Goldens.logits(student, ids(base, 99), 1), Goldens.logits(same, ids(base, 99), 1));
        }
    }
}
