package org.xecomla.estimate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.nd4j.linalg.factory.Nd4j;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.Freeze;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.optim.Sgd;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.engine.SizingKernels;
import org.xecomla.train.RandomWeights;
import org.xecomla.train.Replica;
import org.xecomla.train.TokenObjective;
import org.xecomla.train.TrainStep;
import org.xecomla.train.data.TrainingSequence;

@Isolated // counts what the whole process allocates
class MemoryEstimateTest {
    private static final int LENGTH = 128;
    private static final int BATCH = 2;
    private static final int VOCAB = 20_000;
    private static final ModelConfig MODEL = new ModelConfig(
            128,
            384,
            VOCAB,
            LENGTH,
            1e-5,
            10_000,
            false,
            1,
            2,
            List.of(
                    new AttentionConfig.Gqa(4, 2, 32, RopeScaling.NONE),
                    new AttentionConfig.Mla(4, 24, 40, 16, 8, 32, true, true, RopeScaling.NONE, 0.2)));
    private static final Replica.Shape SHAPE = new Replica.Shape(BATCH, LENGTH);
    private static final AdamW.Settings ADAM_W = new AdamW.Settings(0.9, 0.98, 1e-8, 0);

    private final Kernels kernels = new CpuKernels(2);

    private static List<TrainingSequence> batch() {
        Random random = new Random(1);
        return List.of(
                TrainingSequence.of(random.ints(LENGTH, 0, VOCAB).toArray(), null),
                TrainingSequence.of(random.ints(LENGTH, 0, VOCAB).toArray(), null));
    }

    private record Trained(Replica replica, AdamW adamW, TrainStep<TrainingSequence> step) implements AutoCloseable {
        static Trained of(Kernels kernels) {
            TokenObjective loss = TokenObjective.CROSS_ENTROPY;
            Replica replica = new Replica(MODEL, Freeze.NONE.trainable(), SHAPE, loss, kernels);
            RandomWeights.write(MODEL, 3, replica.weights());
            AdamW adamW = new AdamW(replica.weights().layout(), kernels, ADAM_W);
            return new Trained(
                    replica,
                    adamW,
                    new TrainStep<>(replica, adamW, LearningRateSchedule.constant(1e-3), new GradientClip(1), loss));
        }

        @Override
        public void close() {
            adamW.close();
            replica.close();
        }
    }

    /** ND4J numbers every array and buffer that it makes; nothing but its arrays lies outside the heap. */
    @Test
    void aSteadyStepAllocatesNothingOutsideTheHeap() {
        List<TrainingSequence> batch = batch();
        try (Trained trained = Trained.of(kernels)) {
            trained.step.run(0, batch);
            long before = Nd4j.getDeallocatorService().nextValue();
            for (int s = 1; s < 6; s++) {
                trained.step.run(s, batch);
            }
            assertEquals(before + 1, Nd4j.getDeallocatorService().nextValue());
            Nd4j.create(1);
            assertTrue(Nd4j.getDeallocatorService().nextValue() > before + 2, "the count sees no allocation");
        }
    }

    @Test
    void estimateCountsWhatIsMade() {
        MemoryEstimate estimate = MemoryEstimate.of(
                MODEL,
                Freeze.NONE.trainable(),
                SHAPE,
                TokenObjective.CROSS_ENTROPY,
                new SizingKernels(ElementType.FLOAT, 2, ComputeConfig.Precision.FP32));
        long parameters = ParameterShapes.numParameters(MODEL);
        assertEquals(4 * parameters, estimate.model().weights());
        assertEquals(4 * parameters, estimate.model().gradients());
        assertEquals(8 * parameters, estimate.moments());
    }

    private static ModelConfig wide(int numLayers, int vocab, int length) {
        AttentionConfig attention =
                new AttentionConfig.Mla(16, 0, 96, 32, 32, 64, false, true, RopeScaling.NONE, 0.125);
        return new ModelConfig(
                1024, 2816, vocab, length, 1e-5, 1e4, true, 1, 2, Collections.nCopies(numLayers, attention));
    }

    private static MemoryEstimate estimate(ModelConfig model, int length, ComputeConfig.Recompute recompute) {
        Replica.Shape shape = new Replica.Shape(1, length, recompute);
        return MemoryEstimate.of(
                model,
                Freeze.NONE.trainable(),
                shape,
                TokenObjective.CROSS_ENTROPY,
                new SizingKernels(ElementType.FLOAT, 2, ComputeConfig.Precision.FP32));
    }

    /** Logits of 2048 positions over 128,256 tokens would be 1,002 MiB. */
    @Test
    void logitsOfAllPositionsNeverExist() {
        int length = 2048;
        MemoryEstimate large = estimate(wide(2, 128_256, length), length, ComputeConfig.Recompute.NONE);
        MemoryEstimate small = estimate(wide(2, 64, length), length, ComputeConfig.Recompute.NONE);
        long activations = small.model().arena();
        assertTrue(large.total() < 4 * large.model().weights() + activations + (200L << 20), "at most 200 MiB more");
    }

    @Test
    void anotherRecomputedBlockKeepsItsInputOnly() {
        long three = estimate(wide(3, 64, 512), 512, ComputeConfig.Recompute.BLOCKS)
                .model()
                .arena();
        long four = estimate(wide(4, 64, 512), 512, ComputeConfig.Recompute.BLOCKS)
                .model()
                .arena();
        assertEquals(512 * 1024 * 4, four - three);
    }

    @Test
    void memoryIsLinearInTheLengthOfSequences() {
        MemoryEstimate whole = estimate(wide(2, 64, 8192), 8192, ComputeConfig.Recompute.NONE);
        MemoryEstimate half = estimate(wide(2, 64, 4096), 4096, ComputeConfig.Recompute.NONE);
        long growth = whole.model().arena() + whole.model().scratch();
        assertTrue(growth <= 2.001 * (half.model().arena() + half.model().scratch()), growth + " bytes");
    }

    @Test
    void trainsSequencesOf8192Tokens() {
        int length = 8192;
        ModelConfig model = new ModelConfig(
                32,
                64,
                64,
                length,
                1e-5,
                1e4,
                true,
                1,
                2,
                List.of(new AttentionConfig.Gqa(2, 1, 16, RopeScaling.NONE)));
        Random random = new Random(1);
        int[] ids = random.ints(length, 0, 64).toArray();
        TokenObjective loss = TokenObjective.CROSS_ENTROPY;
        try (Replica replica =
                new Replica(model, Freeze.NONE.trainable(), new Replica.Shape(1, length), loss, kernels)) {
            RandomWeights.write(model, 3, replica.weights());
            TrainStep<TrainingSequence> step =
                    new TrainStep<>(replica, new Sgd(), LearningRateSchedule.constant(0.1), new GradientClip(1), loss);
            double mean = step.run(0, List.of(TrainingSequence.of(ids, null)))
                    .measures()
                    .loss();
            assertEquals(Math.log(64), mean, 0.1); // weights near 0 know nothing
        }
    }
}
