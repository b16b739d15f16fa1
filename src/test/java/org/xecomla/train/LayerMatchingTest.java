package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xecomla.averaging.Measures;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.Freeze;
import org.xecomla.config.LayerMatchingConfig;
import org.xecomla.config.LossSchedule;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.errors.ConfigException;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.train.data.TrainingSequence;

/** The states of a tiny hybrid model against those of a base of grouped-query attention. */
class LayerMatchingTest {
    private static final AttentionConfig GQA = new AttentionConfig.Gqa(4, 2, 4, RopeScaling.NONE);
    private static final LossSchedule CONSTANT = new LossSchedule(LossSchedule.Form.CONSTANT, 0);
    private static final TokenObjective TOKENS = new TokenObjective(0.25, 1);

    private static ModelConfig base(int width) {
        return new ModelConfig(width, 20, Tiny.VOCAB, 64, 1e-5, 10_000, true, 1, 2, List.of(GQA, GQA));
    }

    private static DistillationObjective loss(
            LayerMatchingConfig settings, ModelConfig student, Replica.Shape shape, Kernels kernels) {
        LayerMatching layers = new LayerMatching(settings, base(12), student, shape, kernels);
        RandomWeights.write(base(12), 11, layers.baseWeights());
        return new DistillationObjective(TOKENS, CONSTANT, CONSTANT, 1, layers);
    }

    /** Sequences of which only some positions are learned from, as of a conversation; how many differs. */
    private static List<TrainingSequence> masked() {
        Random random = new Random(5);
        List<TrainingSequence> sequences = new ArrayList<>();
        for (TrainingSequence whole : Tiny.sequences(new Tiny.Data(3, true), 3)) {
            boolean[] learned = new boolean[Tiny.LENGTH];
            for (int t = 1; t < Tiny.LENGTH; t++) {
                learned[t] = random.nextInt(3 + sequences.size()) < 2;
            }
            sequences.add(TrainingSequence.of(new TokenSequence(whole.ids(), learned), whole.softLabels()));
        }
        return sequences;
    }

    @ParameterizedTest
    @CsvSource({
        "MSE, BOTH, NONE, false",
        "COSINE, BOTH, NONE, false",
        "MSE, ATTENTION, BLOCKS, true",
        "COSINE, BLOCK, BLOCKS, true"
    })
    void everyGradientIsThatOfCentralDifferences(
            LayerMatchingConfig.Form form,
            LayerMatchingConfig.States states,
            ComputeConfig.Recompute recompute,
            boolean masked) {
        LayerMatchingConfig settings = new LayerMatchingConfig(form, OptionalDouble.of(0.7), states);
        Replica.Shape shape = new Replica.Shape(2, Tiny.LENGTH, recompute);
        List<TrainingSequence> sequences = masked ? masked() : Tiny.sequences(new Tiny.Data(3, true), 3);
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                DistillationObjective loss = loss(settings, Tiny.MODEL, shape, kernels);
                Replica replica = new Replica(Tiny.MODEL, Freeze.NONE.trainable(), shape, loss, kernels);
                Replica probe = new Replica(Tiny.MODEL, Freeze.NONE.trainable(), shape, loss, kernels)) {
            RandomWeights.write(Tiny.MODEL, 7, replica.weights());
            Measures measures = loss.addGradients(replica, sequences, 0);
            assertTrue(measures.value(LayerMatching.HIDDEN) > 0);
            Slopes.check(replica, () -> {
                Slopes.copy(replica, probe);
                return loss.addGradients(probe, sequences, 0).loss();
            });
        }
    }

    /** The mean over the positions that the other loss counts, and over no others, summed here one by one. */
    @ParameterizedTest
    @EnumSource(LayerMatchingConfig.Form.class)
    void onlyPositionsThatAreLearnedFromCount(LayerMatchingConfig.Form form) {
        LayerMatchingConfig settings =
                new LayerMatchingConfig(form, OptionalDouble.of(1), LayerMatchingConfig.States.BLOCK);
        Replica.Shape shape = new Replica.Shape(2, Tiny.LENGTH);
        List<TrainingSequence> sequences = masked();
        double sum = 0;
        long count = 0;
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                DistillationObjective loss = loss(settings, Tiny.MODEL, shape, kernels);
                CausalLm base = new CausalLm(base(12), loss.layers().baseWeights(), null, kernels, Tiny.LENGTH);
                Replica replica = new Replica(Tiny.MODEL, Freeze.NONE.trainable(), shape, loss, kernels);
                Arena arena = Arena.of(kernels, 1 << 16)) {
            RandomWeights.write(Tiny.MODEL, 7, replica.weights());
            for (TrainingSequence sequence : sequences) {
                arena.release(0);
                Sequences whole = Sequences.of(1, Tiny.LENGTH);
                List<Tensor> said = replica.model()
                        .layerStates(sequence.ids(), whole, arena)
                        .block();
                List<Tensor> asked =
                        base.layerStates(sequence.ids(), whole, arena).block();
                boolean[] learned = sequence.softLabels().targeted();
                for (int t = 0; t < Tiny.LENGTH; t++) {
                    for (int layer = 0; learned[t] && layer < said.size(); layer++) {
                        sum += distance(
                                form,
                                said.get(layer).rows(t, t + 1),
                                asked.get(layer).rows(t, t + 1));
                    }
                    count += learned[t] ? 1 : 0;
                }
            }
            Measures measures = loss.addGradients(replica, sequences, 0);
            assertTrue(count > 3 && count < 3L * (Tiny.LENGTH - 1), "positions: " + count);
            assertEquals(sum / (2 * count), measures.value(LayerMatching.HIDDEN), 1e-7);
            assertEquals(
                    count, measures.means().get(TokenObjective.KL).count(), "as many as the divergence is a mean over");
        }
    }

    /** Of two states (1, D). */
    private static double distance(LayerMatchingConfig.Form form, Tensor y, Tensor target) {
        double squares = 0;
        double product = 0;
        double ofY = 0;
        double ofTarget = 0;
        for (int d = 0; d < y.cols(); d++) {
            squares += Math.pow(y.get(0, d) - target.get(0, d), 2);
            product += y.get(0, d) * target.get(0, d);
            ofY += y.get(0, d) * y.get(0, d);
            ofTarget += target.get(0, d) * target.get(0, d);
        }
        return form == LayerMatchingConfig.Form.MSE ? squares / y.cols() : 1 - product / Math.sqrt(ofY * ofTarget);
    }

    @Test
    void aModelThatSaysWhatTheBaseSaysHasNothingToLearn() {
        Replica.Shape shape = new Replica.Shape(1, Tiny.LENGTH);
        LayerMatchingConfig settings = new LayerMatchingConfig(
                LayerMatchingConfig.Form.MSE, OptionalDouble.of(1), LayerMatchingConfig.States.BOTH);
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                DistillationObjective loss = loss(settings, base(12), shape, kernels);
                Replica replica = new Replica(base(12), Freeze.NONE.trainable(), shape, loss, kernels)) {
            RandomWeights.write(base(12), 11, replica.weights());
            Measures measures = loss.addGradients(replica, Tiny.sequences(new Tiny.Data(2, true), 2), 0);
            assertEquals(0, measures.value(LayerMatching.HIDDEN), 1e-20);
        }
    }

    @Test
    void anotherWidthIsRefusedWithTheReason() {
        Replica.Shape shape = new Replica.Shape(1, Tiny.LENGTH);
        LayerMatchingConfig settings = new LayerMatchingConfig(
                LayerMatchingConfig.Form.MSE, OptionalDouble.of(1), LayerMatchingConfig.States.BOTH);
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE)) {
            String message = assertThrows(
                            ConfigException.class,
                            () -> new LayerMatching(settings, base(16), Tiny.MODEL, shape, kernels))
                    .getMessage();
            assertTrue(message.contains("2 layers of width 16") && message.contains("width 12"), message);
        }
    }

    /** 65 over the mean square of the base's block outputs over the first sequences, summed here; whoever asks. */
    @Test
    void theWeightFollowsTheSizeOfTheBasesStates() {
        Replica.Shape shape = new Replica.Shape(2, Tiny.LENGTH);
        LayerMatchingConfig settings = new LayerMatchingConfig(
                LayerMatchingConfig.Form.MSE, OptionalDouble.empty(), LayerMatchingConfig.States.BOTH);
        Tiny.Data data = new Tiny.Data(20, true);
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                DistillationObjective loss = loss(settings, Tiny.MODEL, shape, kernels);
                CausalLm base = new CausalLm(base(12), loss.layers().baseWeights(), null, kernels, Tiny.LENGTH);
                Arena arena = Arena.of(kernels, 1 << 16)) {
            double sum = 0;
            long count = 0;
            for (long s = 0; s < 8; s++) {
                arena.release(0);
                for (Tensor block : base.layerStates(data.read(s).ids(), Sequences.of(1, Tiny.LENGTH), arena)
                        .block()) {
                    for (double x : block.toDoubles()) {
                        sum += x * x;
                        count++;
                    }
                }
            }
            assertTrue(Double.isNaN(loss.layers().weight()));
            loss.begin(data);
            assertEquals(65 * count / sum, loss.layers().weight(), 1e-6);
        }
    }
}
