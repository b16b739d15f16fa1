package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.AttentionConfig;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.ConfigException;
import org.xecomla.config.HiddenLossConfig;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.RopeScaling;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;

/** The states of a tiny hybrid model against those of a base of grouped-query attention. */
class HiddenStateLossTest {
    private static final AttentionConfig GQA = new AttentionConfig.Gqa(4, 2, 4, RopeScaling.NONE);
    private static final LossSettings TOKENS = new LossSettings(0.25, 1);

    private static ModelConfig base(int width) {
        return new ModelConfig(width, 20, Tiny.VOCAB, 64, 1e-5, 10_000, true, 1, 2, List.of(GQA, GQA));
    }

    private static HiddenStateLoss loss(HiddenLossConfig settings, Replica.Shape shape, Kernels kernels) {
        HiddenStateLoss loss = new HiddenStateLoss(TOKENS, settings, base(12), Tiny.MODEL, shape, kernels);
        RandomWeights.write(base(12), 11, loss.baseWeights());
        return loss;
    }

    @ParameterizedTest
    @CsvSource({"MSE, BOTH, NONE", "COSINE, BOTH, NONE", "MSE, ATTENTION, BLOCKS", "COSINE, BLOCK, BLOCKS"})
    void everyGradientIsThatOfCentralDifferences(
            HiddenLossConfig.Form form, HiddenLossConfig.States states, ComputeConfig.Recompute recompute) {
        HiddenLossConfig settings = new HiddenLossConfig(form, 0.7, states);
        Replica.Shape shape = new Replica.Shape(2, Tiny.LENGTH, recompute);
        List<TrainingSequence> sequences = Tiny.sequences(new Tiny.Data(3, true), 3);
        try (Kernels kernels = new NaiveKernels(DataType.DOUBLE);
                HiddenStateLoss loss = loss(settings, shape, kernels);
                Replica replica = new Replica(Tiny.MODEL, Freeze.NONE.trainable(), shape, loss, kernels);
                Replica probe = new Replica(Tiny.MODEL, Freeze.NONE.trainable(), shape, loss, kernels)) {
            RandomWeights.write(Tiny.MODEL, 7, replica.weights());
            Measures measures = loss.addGradients(replica, sequences, 0);
            assertTrue(measures.value(HiddenStateLoss.HIDDEN) > 0);
            Slopes.check(replica, () -> {
                Slopes.copy(replica, probe);
                return loss.addGradients(probe, sequences, 0).loss();
            });
        }
    }

    @Test
    void aModelThatSaysWhatTheBaseSaysHasNothingToLearn() {
        Replica.Shape shape = new Replica.Shape(1, Tiny.LENGTH);
        HiddenLossConfig settings = new HiddenLossConfig(HiddenLossConfig.Form.MSE, 1, HiddenLossConfig.States.BOTH);
        try (Kernels kernels = new NaiveKernels(DataType.DOUBLE);
                HiddenStateLoss loss = new HiddenStateLoss(TOKENS, settings, base(12), base(12), shape, kernels);
                Replica replica = new Replica(base(12), Freeze.NONE.trainable(), shape, loss, kernels)) {
            RandomWeights.write(base(12), 11, loss.baseWeights());
            RandomWeights.write(base(12), 11, replica.weights());
            Measures measures = loss.addGradients(replica, Tiny.sequences(new Tiny.Data(2, true), 2), 0);
            assertEquals(0, measures.value(HiddenStateLoss.HIDDEN), 1e-20);
        }
    }

    @Test
    void anotherWidthIsRefusedWithTheReason() {
        Replica.Shape shape = new Replica.Shape(1, Tiny.LENGTH);
        HiddenLossConfig settings = new HiddenLossConfig(HiddenLossConfig.Form.MSE, 1, HiddenLossConfig.States.BOTH);
        try (Kernels kernels = new NaiveKernels(DataType.DOUBLE)) {
            String message = assertThrows(
                            ConfigException.class,
                            () -> new HiddenStateLoss(TOKENS, settings, base(16), Tiny.MODEL, shape, kernels))
                    .getMessage();
            assertTrue(message.contains("2 layers of width 16") && message.contains("width 12"), message);
        }
    }
}
