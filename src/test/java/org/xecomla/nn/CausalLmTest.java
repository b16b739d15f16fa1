package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.UserException;
import org.xecomla.nn.loss.CombinedLoss;
import org.xecomla.nn.loss.CrossEntropy;
import org.xecomla.nn.loss.FirstIds;
import org.xecomla.nn.loss.ForwardKl;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.nn.loss.TokenLoss;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** The whole model: a hybrid of grouped-query and latent layers, in double. */
class CausalLmTest {
    private static final int B = 2;
    private static final int T = 4;
    private static final int D = 5;
    private static final int V = 6;
    private static final int[] IDS = {0, 3, 5, 3, 2, 1, 1, 4};

    /** Two documents in each sequence. */
    private static final Sequences DOCUMENTS = Sequences.of(B, new int[] {0, 1, 1, 1, 0, 0, 2, 2});

    private final NaiveKernels kernels = new NaiveKernels(ElementType.DOUBLE);
    private final Arena arena = Arena.of(kernels, 1 << 19);
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        arena.close();
        for (AutoCloseable resource : opened) {
            resource.close();
        }
    }

    private static ModelConfig hybrid(boolean tied) {
        return new ModelConfig(
                D,
                7,
                V,
                16,
                1e-5,
                10000,
                tied,
                -1,
                -1,
                List.of(
                        new AttentionConfig.Gqa(2, 1, 4, RopeScaling.NONE),
                        new AttentionConfig.Mla(2, 3, 3, 2, 2, 3, true, true, RopeScaling.NONE, 0.5),
                        new AttentionConfig.Mla(3, 0, 2, 1, 4, 2, false, false, RopeScaling.NONE, 0.4)));
    }

    private CausalLm model(boolean tied, Predicate<String> trainable) {
        ParameterLayout layout = CausalLm.layout(hybrid(tied), trainable);
        ParameterStore weights = Tensors.zeros(layout, ElementType.DOUBLE);
        // in the order of names in the model, which does not depend on what is trained
        Random random = new Random(11);
        for (String name : ParameterShapes.of(hybrid(tied)).keySet()) {
            Tensor view = weights.get(name);
            double centre = name.contains("norm") ? 1 : 0;
            view.write(random.doubles(view.length(), centre - 0.8, centre + 0.8).toArray());
        }
        ParameterStore gradients = Tensors.zerosOfTrainable(layout, ElementType.DOUBLE);
        CausalLm model = new CausalLm(hybrid(tied), weights, gradients, kernels, T);
        opened.addAll(List.of(weights, gradients, model));
        return model;
    }

    /** 0.75 T^2 KL + 0.25 CE, T = 2, all times {@code scale}. */
    private static TokenLoss loss(double scale) {
        double[] teacher = new Random(2).doubles(B * T * V, -2, 2).toArray();
        SoftLabels targets = SoftTargets.dense(teacher, V, 2);
        int[] labels = SoftTargets.nextTokens(IDS, B);
        return new CombinedLoss(
                List.of(new ForwardKl(targets, 2, 0.75 * 4 * scale), new CrossEntropy(labels, 0.25 * scale)));
    }

    private double objective(CausalLm model, Sequences sequences, double scale) {
        LossSums sums = model.loss(IDS, sequences, loss(1), arena);
        return scale * (0.75 * 4 * sums.klSum() + 0.25 * sums.ceSum());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyGradientIsThatOfTheLoss(boolean tied) {
        CausalLm model = model(tied, name -> true);
        LossSums sums = model.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss(0.125), arena);
        assertEquals(sums, model.loss(IDS, Sequences.of(B, IDS.length), loss(1), arena));
        assertEquals(B * T, sums.numKl());
        assertEquals(B * (T - 1), sums.numCe());
        assertEquals(0, arena.mark());
        Sequences whole = Sequences.of(B, IDS.length);
        GradientCheck.checkAll(model.weights(), model.gradients(), () -> objective(model, whole, 0.125));
    }

    @Test
    void everyGradientOfDocumentsIsThatOfTheLoss() {
        CausalLm model = model(true, name -> true);
        model.lossAndGradients(IDS, DOCUMENTS, loss(0.125), arena);
        GradientCheck.checkAll(model.weights(), model.gradients(), () -> objective(model, DOCUMENTS, 0.125));
    }

    @Test
    void aDocumentSeesOnlyItself() {
        CausalLm model = model(true, name -> false);
        double[] packed = model.hiddenStates(IDS, DOCUMENTS, arena, null).toDoubles(); // (B*T, D)
        int[] borders = {0, 1, 4, 6, 8};
        for (int d = 1; d < borders.length; d++) {
            int[] ids = Arrays.copyOfRange(IDS, borders[d - 1], borders[d]);
            double[] alone = model.hiddenStates(ids, 1, arena, null).toDoubles();
            assertArrayEquals(Arrays.copyOfRange(packed, borders[d - 1] * D, borders[d] * D), alone, 1e-14);
        }
        double[] across = model.hiddenStates(IDS, B, arena, null).toDoubles();
        assertTrue(Goldens.relativeError(packed, across) > 1e-2, "the borders change something");
    }

    @Test
    void recomputedBlocksGiveTheSameBits() {
        CausalLm keeping = model(true, name -> !name.contains("layers.0."));
        LossSums sums = keeping.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss(1), arena);
        double[] kept = keeping.gradients().segments().get(0).toDoubles();
        kernels.elementwise().fill(keeping.gradients().segments().get(0), 0);
        CausalLm again = new CausalLm(
                keeping.config(), keeping.weights(), keeping.gradients(), kernels, T, ComputeConfig.Recompute.BLOCKS);
        opened.add(again);
        assertEquals(sums, again.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss(1), arena));
        assertArrayEquals(kept, again.gradients().segments().get(0).toDoubles(), 0);
        assertTrue(arenaOf(again) < arenaOf(keeping));
    }

    private static long arenaOf(CausalLm model) {
        return model.arenaBytes(
                (sizing, scratch) -> sizing.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss(1), scratch));
    }

    @Test
    void gradientsAddUp() {
        CausalLm model = model(true, name -> true);
        model.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss(1), arena);
        double[] once = model.gradients().segments().get(0).toDoubles();
        model.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss(0.5), arena);
        double[] oneAndAHalf = model.gradients().segments().get(0).toDoubles();
        assertTrue(Goldens.relativeError(
                        oneAndAHalf, Arrays.stream(once).map(g -> 1.5 * g).toArray())
                < 1e-14);
    }

    @ParameterizedTest
    @ValueSource(strings = {".self_attn.", "layers.2.", "layernorm", "lm_head", "model.norm", "kv_a_proj"})
    void frozenParametersChangeNothingForTheOthers(String trained) {
        CausalLm all = model(false, name -> true);
        CausalLm some = model(false, name -> name.contains(trained));
        all.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss(1), arena);
        some.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss(1), arena);
        int numTrained = 0;
        for (String name : all.weights().layout().places().keySet()) {
            Tensor gradient = some.gradients().get(name);
            if (name.contains(trained)) {
                numTrained++;
                assertArrayEquals(all.gradients().get(name).toDoubles(), gradient.toDoubles(), name);
            } else {
                assertNull(gradient, name);
            }
        }
        assertTrue(numTrained > 0);
    }

    @Test
    void theDryRunFindsTheArenaTheStepNeeds() {
        CausalLm model = model(false, name -> true);
        TokenLoss loss = loss(1);
        long bytes = model.arenaBytes((m, a) -> m.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss, a));
        try (Arena enough = Arena.of(kernels, bytes);
                Arena scarce = Arena.of(kernels, bytes - 256)) {
            model.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss, enough);
            assertEquals(bytes, enough.peakBytes());
            assertThrows(
                    IllegalStateException.class,
                    () -> model.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss, scarce));
        }
    }

    @Test
    void inferenceHoldsOneBlockAtATime() {
        CausalLm model = model(false, name -> true);
        long inference = model.arenaBytes((m, a) -> m.loss(IDS, Sequences.of(B, IDS.length), loss(1), a));
        long training = model.arenaBytes((m, a) -> m.lossAndGradients(IDS, Sequences.of(B, IDS.length), loss(1), a));
        assertTrue(2 * inference < training, inference + " of " + training);
    }

    @Test
    void aSequenceSeesNeitherTheOthersNorItsFuture() {
        CausalLm model = model(true, name -> false);
        double[] both = model.hiddenStates(IDS, B, arena, null).toDoubles();
        int[] second = Arrays.copyOfRange(IDS, T, 2 * T);
        double[] alone = model.hiddenStates(second, 1, arena, null).toDoubles();
        assertArrayEquals(Arrays.copyOfRange(both, T * D, 2 * T * D), alone, 1e-14);
        second[T - 1] = 0;
        double[] changed = model.hiddenStates(second, 1, arena, null).toDoubles();
        assertArrayEquals(Arrays.copyOf(alone, (T - 1) * D), Arrays.copyOf(changed, (T - 1) * D));
        assertTrue(Goldens.relativeError(changed, alone) > 1e-3);
    }

    @Test
    void theObserverSeesEveryLayersNormedInput() {
        CausalLm model = model(true, name -> false);
        List<double[]> seen = new ArrayList<>();
        model.hiddenStates(IDS, B, arena, (layer, input) -> {
            assertEquals(seen.size(), layer);
            seen.add(input.toDoubles());
        });
        assertEquals(3, seen.size());
        double[] embedded = model.weights()
                .get(ParameterNames.EMBEDDING)
                .rows(IDS[0], IDS[0] + 1)
                .toDoubles();
        double[] gain = model.weights()
                .get(ParameterNames.layer(0) + "input_layernorm.weight")
                .toDoubles();
        double meanSquare = Arrays.stream(embedded).map(v -> v * v).average().orElseThrow();
        for (int c = 0; c < D; c++) {
            assertEquals(gain[c] * embedded[c] / Math.sqrt(meanSquare + 1e-5), seen.get(0)[c], 1e-14);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8})
    void chunksOfTheHeadAddUp(int chunkRows) {
        Random random = new Random(4);
        Tensor hidden = GradientCheck.random(random, B * T, D); // (B*T, D)
        Tensor weight = GradientCheck.random(random, V, D); // (V, D)
        List<double[]> results = new ArrayList<>();
        List<LossSums> sums = new ArrayList<>();
        for (int rows : new int[] {B * T, chunkRows}) {
            Tensor dWeight = Tensors.zeros(ElementType.DOUBLE, V, D); // (V, D)
            Tensor dHidden = Tensors.zeros(ElementType.DOUBLE, B * T, D); // (B*T, D)
            Linear head = new Linear(weight, dWeight, kernels);
            ChunkedHead chunked = new ChunkedHead(head, rows);
            sums.add(chunked.lossAndGradients(hidden, loss(0.5), dHidden, arena));
            results.add(dWeight.toDoubles());
            results.add(dHidden.toDoubles());
        }
        assertEquals(sums.get(0).klSum(), sums.get(1).klSum(), 1e-13);
        assertEquals(sums.get(0).ceSum(), sums.get(1).ceSum(), 1e-13);
        assertArrayEquals(results.get(0), results.get(2), 1e-14);
        assertArrayEquals(results.get(1), results.get(3), 1e-14);
    }

    @Test
    void badTokensAreNamed() {
        CausalLm model = model(true, name -> false);
        UserException tooLong =
                assertThrows(UserException.class, () -> model.hiddenStates(new int[T + 1], 1, arena, null));
        assertEquals("a sequence of 5 tokens is longer than the model's 4: shorten it", tooLong.getMessage());
        UserException outside =
                assertThrows(UserException.class, () -> model.hiddenStates(new int[] {0, V}, 1, arena, null));
        assertTrue(outside.getMessage().startsWith("token id 6 at position 1 is outside the vocabulary of 6"));
    }

    /** What a loss over the first ids says is what a model with no more ids says; nothing else is touched. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLossOverTheFirstIdsNeedsNoOthers(boolean tied) {
        int few = V - 1;
        int[] ids = Arrays.stream(IDS).map(id -> id % few).toArray();
        SoftLabels targets =
                SoftTargets.dense(new Random(3).doubles(B * T * few, -2, 2).toArray(), few, 1);
        ForwardKl kl = new ForwardKl(targets, 1, 0.7);
        CausalLm whole = model(tied, name -> true);
        ModelConfig c = whole.config();
        ModelConfig shorter = new ModelConfig(
                D, c.intermediateSize(), few, 16, c.rmsNormEps(), c.ropeTheta(), tied, -1, -1, c.attention());
        ParameterLayout layout = CausalLm.layout(shorter, name -> true);
        ParameterStore weights = Tensors.zeros(layout, ElementType.DOUBLE);
        ParameterStore gradients = Tensors.zerosOfTrainable(layout, ElementType.DOUBLE);
        CausalLm cut = new CausalLm(shorter, weights, gradients, kernels, T);
        opened.addAll(List.of(weights, gradients, cut));
        for (String name : layout.places().keySet()) {
            Tensor all = whole.weights().get(name); // (rows, cols)
            weights.get(name).write(all.rows(0, weights.get(name).rows()).toDoubles());
        }
        LossSums expected = cut.lossAndGradients(ids, DOCUMENTS, kl, arena);
        assertEquals(expected, whole.lossAndGradients(ids, DOCUMENTS, new FirstIds(kl, few), arena));
        for (String name : layout.places().keySet()) {
            double[] found = whole.gradients().get(name).toDoubles();
            double[] of = gradients.get(name).toDoubles();
            assertArrayEquals(of, Arrays.copyOf(found, of.length), name);
            for (int i = of.length; i < found.length; i++) {
                assertEquals(0, found[i], name + ": padding learns nothing");
            }
        }
    }
}
