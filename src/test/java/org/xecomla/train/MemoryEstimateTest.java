package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.xecomla.config.AttentionConfig;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.ParameterShapes;
import org.xecomla.config.RopeScaling;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.tensor.CpuKernels;
import org.xecomla.tensor.Kernels;

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
            LossSettings loss = LossSettings.CROSS_ENTROPY;
            Replica replica = new Replica(MODEL, Freeze.NONE.trainable(), SHAPE, loss, kernels);
            RandomWeights.write(MODEL, 3, replica.weights());
            AdamW adamW = new AdamW(replica.weights().layout(), kernels.type(), ADAM_W);
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
        MemoryEstimate estimate =
                MemoryEstimate.of(MODEL, Freeze.NONE.trainable(), SHAPE, LossSettings.CROSS_ENTROPY, DataType.FLOAT, 2);
        long parameters = ParameterShapes.numParameters(MODEL);
        assertEquals(4 * parameters, estimate.model().weights());
        assertEquals(4 * parameters, estimate.model().gradients());
        assertEquals(8 * parameters, estimate.moments());
    }
}
