package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.base.RankPolicy;

class AlignedUpcyclerTest {
    private static final int LENGTH = 24;

    private static List<RopeScaling> scalings() {
        return List.of(
                RopeScaling.NONE,
                new RopeScaling.Linear(2),
                new RopeScaling.Llama3(8, 1, 4, 64),
                new RopeScaling.Yarn(4, 32, 32, 1, 1, 0));
    }

    private static List<int[]> windows(int numWindows, int vocabSize) {
        Random random = new Random(99);
        return IntStream.range(0, numWindows)
                .mapToObj(w -> random.ints(LENGTH, 0, vocabSize).toArray())
                .toList();
    }

    private static LayerPlan plan(
            int layer, int kvRank, RankPolicy queryRank, int nope, int rope, RopeRows rows, RopeScaling scaling) {
        return new LayerPlan(
                layer,
                UpcycleConfig.Method.ALIGNED,
                new RankPolicy.Fixed(kvRank),
                queryRank,
                nope,
                rope,
                rows,
                SingularValues.DOWN,
                false,
                scaling,
                null);
    }

    /** ||student's logits - base's logits|| / ||base's logits||. */
    private static double distance(RandomBase base, List<UpcycledLayer> layers) {
        int[] ids = windows(1, base.config().vocabSize()).get(0);
        try (Student own = Goldens.student(base, List.of());
                Student made = Goldens.student(base, layers)) {
            double[] expected = Goldens.logits(own, ids, 1);
            return Goldens.difference(Goldens.logits(made, ids, 1), expected);
        }
    }

    private static List<UpcycledLayer> layers(RandomBase base, LayerPlan first) {
        Calibration calibration =
                Goldens.calibration(base, windows(12, base.config().vocabSize()));
        List<UpcycledLayer> layers = new ArrayList<>();
        for (int l = 0; l < base.config().numLayers(); l++) {
            layers.add(StudentInitializer.layer(base, first.ofLayer(l), calibration.layer(l)));
        }
        return layers;
    }

    @ParameterizedTest
    @MethodSource("scalings")
    void oneKeyHeadOfFullRankIsReproducedExactly(RopeScaling scaling) {
        RandomBase base = RandomBase.of(3, 1, 8, scaling, 2, 5);
        List<UpcycledLayer> layers = layers(base, plan(0, 8, null, 8, 8, RopeRows.FOLD, scaling));
        assertEquals(0, distance(base, layers), 1e-12);
        assertEquals(1, layers.get(0).report().ropeEnergy(), 1e-12);
        assertEquals(1, layers.get(0).report().kvEnergy(), 1e-12);
    }

    /** The same frequencies with and without YaRN's factor on cos and sin: the query's rope rows make up for it. */
    @Test
    void yarnsFactorOnCosAndSinIsUndone() {
        RopeScaling with = new RopeScaling.Yarn(4, 32, 32, 1, 1, 0);
        RopeScaling without = new RopeScaling.Yarn(4, 32, 32, 1, 0, 0);
        for (RopeScaling own : List.of(with, without)) {
            RandomBase base = RandomBase.of(3, 1, 8, own, 2, 5);
            RopeScaling other = own == with ? without : with;
            assertEquals(0, distance(base, layers(base, plan(0, 8, null, 8, 8, RopeRows.FOLD, other))), 1e-12);
        }
    }

    @Test
    void aQueryLatentOfFullRankChangesNothing() {
        RandomBase base = RandomBase.of(3, 1, 8, RopeScaling.NONE, 2, 6);
        // queries have rank 24 before the rope rows are added, and those are mixtures of the same rows
        LayerPlan plan = plan(0, 8, new RankPolicy.Fixed(24), 8, 8, RopeRows.FOLD, RopeScaling.NONE);
        List<UpcycledLayer> layers = layers(base, plan);
        assertEquals(24, layers.get(0).attention().qLoraRank());
        assertEquals(0, distance(base, layers), 1e-11);
        plan = plan(0, 8, new RankPolicy.Fixed(16), 8, 8, RopeRows.FOLD, RopeScaling.NONE);
        layers = layers(base, plan);
        assertTrue(layers.get(0).report().queryEnergy() < 1);
        assertTrue(distance(base, layers) > 1e-3);
    }

    @Test
    void allPlanesWithTheirOwnFrequenciesAreTheSameAsAnUnfoldedRope() {
        RopeScaling scaling = new RopeScaling.Llama3(8, 1, 4, 64);
        RandomBase base = RandomBase.of(4, 2, 8, scaling, 1, 7);
        List<UpcycledLayer> folded = layers(base, plan(0, 10, null, 8, 8, RopeRows.FOLD, scaling));
        List<UpcycledLayer> strongest = layers(base, plan(0, 10, null, 8, 8, RopeRows.STRONGEST, scaling));
        assertEquals(distance(base, folded), distance(base, strongest), 1e-10);
        AttentionConfig.Mla shape = strongest.get(0).attention();
        assertEquals(
                4,
                ((RopeScaling.Explicit) shape.ropeScaling())
                        .inverseFrequencies()
                        .size());
    }

    @Test
    void theStrongestPlanesKeepMoreEnergyThanAnyOthersCould() {
        RandomBase base = RandomBase.of(4, 2, 16, RopeScaling.NONE, 1, 8);
        BaseAttention attention = base.attention(0);
        LayerActivations activations =
                Goldens.calibration(base, windows(12, 41)).layer(0);
        SharedRopeKey all = SharedRopeKey.of(attention, activations.secondMoment(), 16, true);
        SharedRopeKey half = SharedRopeKey.of(attention, activations.secondMoment(), 8, true);
        assertEquals(4, half.planes().size());
        assertEquals(List.copyOf(half.planes()).stream().sorted().toList(), half.planes());
        assertTrue(half.energyKept() > all.energyKept() / 2 && half.energyKept() < all.energyKept());
    }

    /** With two folded planes of one key head the shared key is a mixture of both, which cannot be exact. */
    @Test
    void foldingMergesNeighbouringPlanes() {
        RandomBase base = RandomBase.of(2, 2, 8, RopeScaling.NONE, 1, 9);
        BaseAttention attention = base.attention(0);
        LayerActivations activations =
                Goldens.calibration(base, windows(12, 41)).layer(0);
        SharedRopeKey rope = SharedRopeKey.of(attention, activations.secondMoment(), 4, false);
        assertEquals(List.of(0, 2), rope.planes());
        Matrix mix = rope.mix(); // (4, 16): rows re_0, re_1, im_0, im_1
        for (int row = 0; row < 4; row++) {
            for (int col = 0; col < 16; col++) {
                boolean member = col % 8 / 4 == row / 2 && col % 4 / 2 == row % 2;
                if (member) {
                    assertNotEquals(0, mix.get(row, col));
                } else {
                    assertEquals(0, mix.get(row, col));
                }
            }
        }
    }

    @Test
    void remainderAndSharedKeyAddUpToTheKeys() {
        RandomBase base = RandomBase.of(4, 2, 8, RopeScaling.NONE, 1, 10);
        BaseAttention attention = base.attention(0);
        LayerActivations activations =
                Goldens.calibration(base, windows(12, 41)).layer(0);
        SharedRopeKey rope = SharedRopeKey.of(attention, activations.secondMoment(), 8, false);
        Matrix back = rope.remainder(attention).plus(rope.spread().times(rope.key(attention)));
        assertEquals(0, back.minus(attention.key()).frobeniusNorm(), 1e-13);
        // the remainder of each plane is orthogonal to the shared key of that plane, weighted by the queries
        assertTrue(rope.energyKept() > 0.5 && rope.energyKept() < 1);
    }

    @Test
    void keysThatNobodyAsksForDoNotBreakTheStart() {
        RandomBase base = RandomBase.of(4, 2, 8, RopeScaling.NONE, 1, 11);
        java.util.Arrays.fill(base.read("model.layers.0.self_attn.q_proj.weight"), 0);
        List<UpcycledLayer> layers = layers(base, plan(0, 8, null, 8, 8, RopeRows.FOLD, RopeScaling.NONE));
        layers.get(0).tensors().values().forEach(tensor -> assertTrue(tensor.isFinite()));
        java.util.Arrays.fill(base.read("model.layers.0.self_attn.k_proj.weight"), 0);
        java.util.Arrays.fill(base.read("model.layers.0.self_attn.v_proj.weight"), 0);
        layers = layers(base, plan(0, 8, null, 8, 8, RopeRows.FOLD, RopeScaling.NONE));
        layers.get(0).tensors().values().forEach(tensor -> assertTrue(tensor.isFinite()));
    }
}
