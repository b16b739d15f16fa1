package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.files.DataFiles;
import org.xecomla.linalg.Matrix;
import org.xecomla.safetensors.Integers;
import org.xecomla.tensor.ElementType;
import org.xecomla.upcycle.base.BaseWeights;
import org.xecomla.upcycle.base.RankPolicy;
import org.xecomla.upcycle.slots.PhasedPlan;
import org.xecomla.upcycle.slots.RopeSlot;

class PhasedUpcyclerTest {
    private static final int LENGTH = 24;

    private static LayerPlan plan(int layer, int headDim, int rank, PhasedPlan phased) {
        return new LayerPlan(
                layer,
                UpcycleConfig.Method.PHASED,
                new RankPolicy.Fixed(rank),
                null,
                headDim,
                phased.ropeDim(),
                RopeRows.FOLD,
                SingularValues.DOWN,
                false,
                phased.ropeScaling(),
                phased);
    }

    private static List<int[]> windows(int numWindows, int vocabSize) {
        Random random = new Random(99);
        return IntStream.range(0, numWindows)
                .mapToObj(w -> random.ints(LENGTH, 0, vocabSize).toArray())
                .toList();
    }

    private static List<UpcycledLayer> layers(RandomBase base, int rank, PhasedPlan phased) {
        Calibration calibration =
                Goldens.calibration(base, windows(12, base.config().vocabSize()));
        int headDim = base.attention(0).shape().headDim();
        return IntStream.range(0, base.config().numLayers())
                .mapToObj(l -> StudentInitializer.layer(base, plan(l, headDim, rank, phased), calibration.layer(l)))
                .toList();
    }

    private static double[] logits(RandomBase base, List<UpcycledLayer> layers) {
        try (Student student = Goldens.student(base, layers)) {
            return Goldens.logits(student, windows(1, base.config().vocabSize()).get(0), 1);
        }
    }

    /** ||student's logits - base's logits|| / ||base's logits||. */
    private static double distance(RandomBase base, List<UpcycledLayer> layers) {
        return Goldens.difference(logits(base, layers), logits(base, List.of()));
    }

    /** Every eigenvector below {@code numEigen} of every plane, with the base's frequencies. */
    private static List<RopeSlot> aSlotAPlane(int headDim, RopeScaling scaling, int numEigen) {
        List<Double> frequencies = RopeFrequencies.of(headDim, 10000, scaling).inverse();
        List<RopeSlot> slots = new ArrayList<>();
        for (int j = 0; j < headDim / 2; j++) {
            for (int i = 0; i < numEigen; i++) {
                slots.add(new RopeSlot(List.of(j), i, frequencies.get(j)));
            }
        }
        return slots;
    }

    private static List<RopeScaling> scalings() {
        return List.of(RopeScaling.NONE, new RopeScaling.Llama3(8, 1, 4, 64), new RopeScaling.Yarn(4, 32, 32, 1, 1, 0));
    }

    @ParameterizedTest
    @MethodSource("scalings")
    void oneKeyHeadOfFullRankIsReproducedExactly(RopeScaling scaling) {
        RandomBase base = RandomBase.of(3, 1, 8, scaling, 2, 5);
        List<UpcycledLayer> layers = layers(base, 8, new PhasedPlan(aSlotAPlane(8, scaling, 1), 1, true));
        assertEquals(0, distance(base, layers), 1e-12);
        assertEquals(1, layers.get(0).report().ropeEnergy(), 1e-12);
    }

    @Test
    void allEigenvectorsAndFullRankReproduceTheBase() {
        RandomBase base = RandomBase.of(4, 2, 8, RopeScaling.NONE, 2, 6);
        List<UpcycledLayer> layers = layers(base, 32, new PhasedPlan(aSlotAPlane(8, RopeScaling.NONE, 2), 0.4, true));
        assertEquals(0, distance(base, layers), 1e-12);
    }

    @Test
    void headsThatAreEqualUpToAPhaseNeedOneSlotAPlane() {
        RandomBase base = RandomBase.of(4, 2, 8, RopeScaling.NONE, 2, 7);
        double[] phases = {0.3, 1.1, -2, 2.7};
        for (int l = 0; l < 2; l++) {
            turnSecondHead(base.weights().get("model.layers." + l + ".self_attn.k_proj.weight"), phases, base);
        }
        List<RopeSlot> slots = aSlotAPlane(8, RopeScaling.NONE, 1);
        List<UpcycledLayer> layers = layers(base, 32, new PhasedPlan(slots, 0.4, true));
        assertEquals(0, distance(base, layers), 1e-6); // the base's weights are floats
        Calibration calibration =
                Goldens.calibration(base, windows(12, base.config().vocabSize()));
        PhasedRopeKey key =
                new PhasedRopeKey(base.attention(0), calibration.layer(0).secondMoment());
        for (int j = 0; j < 4; j++) {
            assertEquals(1, key.share(List.of(j), false), 1e-9, "complex mixing of plane " + j);
            assertTrue(key.share(List.of(j), true) < 0.98, "real mixing of plane " + j);
        }
    }

    /** Key head 1 becomes 1.5 times head 0, plane j turned by {@code phases[j]}. */
    private static void turnSecondHead(float[] key, double[] phases, RandomBase base) {
        int d = base.config().hiddenSize();
        for (int j = 0; j < 4; j++) {
            double cos = 1.5 * Math.cos(phases[j]);
            double sin = 1.5 * Math.sin(phases[j]);
            for (int i = 0; i < d; i++) {
                float re = key[j * d + i];
                float im = key[(j + 4) * d + i];
                key[(8 + j) * d + i] = (float) (cos * re - sin * im);
                key[(12 + j) * d + i] = (float) (sin * re + cos * im);
            }
        }
    }

    @Test
    void balanceChangesNoOutput() {
        RandomBase base = RandomBase.of(4, 2, 8, RopeScaling.NONE, 2, 8);
        List<RopeSlot> slots = List.of(new RopeSlot(List.of(0), 0, 1), new RopeSlot(List.of(1, 2, 3), 0, 0.01));
        List<UpcycledLayer> balanced = layers(base, 6, new PhasedPlan(slots, 0.4, true));
        List<UpcycledLayer> plain = layers(base, 6, new PhasedPlan(slots, 0.4, false));
        assertEquals(0, Goldens.difference(logits(base, balanced), logits(base, plain)), 1e-12);
        String prefix = "model.layers.0.self_attn.";
        Matrix down = balanced.get(0).tensors().get(prefix + "kv_a_proj_with_mqa.weight");
        Matrix up = balanced.get(0).tensors().get(prefix + "kv_b_proj.weight").transpose();
        for (int i = 0; i < 6; i++) {
            double ofDown = Math.sqrt(down.rows(i, i + 1).sumOfSquares() / down.cols());
            double ofUp = Math.sqrt(up.rows(i, i + 1).sumOfSquares() / up.cols());
            assertEquals(1, ofDown / ofUp, 1e-9);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "phased-gqa-tied-r8",
                "phased-gqa-tied-r6-slots2",
                "phased-gqa-tied-r6-second",
                "phased-gqa-llama3rope-r24"
            })
    void makesTheFixture(String name) throws IOException {
        JsonNode about;
        try (InputStream in = DataFiles.openStream(new Path(Goldens.path(name), "about.json"))) {
            about = new ObjectMapper().readTree(in);
        }
        List<RopeSlot> slots = new ArrayList<>();
        for (JsonNode slot : about.get("slots")) {
            List<Integer> planes = new ArrayList<>();
            slot.get(0).forEach(plane -> planes.add(plane.asInt()));
            slots.add(new RopeSlot(planes, slot.get(1).asInt(), slot.get(2).asDouble()));
        }
        boolean balanced = !about.has("balanced") || about.get("balanced").asBoolean();
        PhasedPlan phased = new PhasedPlan(slots, about.get("kscale").asDouble(), balanced);
        BaseWeights base = Goldens.model(about.get("base").asText());
        int[] ids = Integers.of(Goldens.tensors(name, "calibration.safetensors"), "input_ids");
        Calibration calibration = Goldens.calibration(base, Goldens.windows(ids, 64), ElementType.DOUBLE);
        BaseWeights golden = Goldens.model(name);
        List<UpcycledLayer> layers = new ArrayList<>();
        for (int l = 0; l < base.config().numLayers(); l++) {
            AttentionConfig.Gqa shape = base.attention(l).shape();
            LayerPlan plan = plan(l, shape.headDim(), about.get("r").asInt(), phased);
            UpcycledLayer layer = StudentInitializer.layer(base, plan, calibration.layer(l));
            assertEquals(golden.config().attention().get(l), layer.attention());
            layers.add(layer);
        }
        int[] input = Integers.of(Goldens.tensors(name, "expected.safetensors"), "input_ids");
        double[] expected =
                Goldens.widen(Goldens.tensors(name, "expected.safetensors").readFloats("logits"));
        try (Student student = Goldens.student(base, layers)) {
            assertEquals(0, Goldens.difference(Goldens.logits(student, input, 3), expected), 1e-5);
        }
        assertTrue(Arrays.stream(expected).allMatch(Double::isFinite));
    }
}
