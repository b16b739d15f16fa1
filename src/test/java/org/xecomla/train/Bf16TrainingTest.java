package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xecomla.config.ComputeConfig.Precision;
import org.xecomla.config.Freeze;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.train.data.TrainingSequence;

/** Products of rounded operands train as well as those of fp32: masters, moments and sums are fp32 in both. */
class Bf16TrainingTest {
    private static final int VOCAB = 64;
    private static final int LENGTH = 32;
    private static final int BATCH = 16;
    private static final int STEPS = 200;
    private static final int MEASURED = 20;
    private static final ModelConfig MODEL = new ModelConfig(
            64,
            128,
            VOCAB,
            LENGTH,
            1e-5,
            10_000,
            false,
            1,
            2,
            List.of(
                    new AttentionConfig.Gqa(4, 2, 16, RopeScaling.NONE),
                    new AttentionConfig.Mla(4, 0, 32, 16, 16, 16, false, true, RopeScaling.NONE, 0.2)));

    /** A token follows from the one before by one of two strides, each as likely: ln 2 is the least loss. */
    private static TrainingSequence sequence(Random random) {
        int[] ids = new int[LENGTH];
        ids[0] = random.nextInt(VOCAB);
        for (int t = 1; t < LENGTH; t++) {
            ids[t] = (ids[t - 1] + (random.nextBoolean() ? 3 : 7)) % VOCAB;
        }
        return TrainingSequence.of(ids, null);
    }

    /** Mean loss over the last steps. */
    private static double train(Precision precision) {
        TokenObjective loss = TokenObjective.CROSS_ENTROPY;
        Random random = new Random(4);
        try (Kernels kernels = new CpuKernels(2, precision);
                Replica replica =
                        new Replica(MODEL, Freeze.NONE.trainable(), new Replica.Shape(BATCH, LENGTH), loss, kernels);
                AdamW adamW = new AdamW(replica.weights().layout(), kernels, new AdamW.Settings(0.9, 0.98, 1e-8, 0))) {
            RandomWeights.write(MODEL, 3, replica.weights());
            TrainStep<TrainingSequence> step = new TrainStep<>(
                    replica, adamW, new LearningRateSchedule(3e-3, 3e-4, 10, STEPS), new GradientClip(1), loss);
            double sum = 0;
            for (int s = 0; s < STEPS; s++) {
                List<TrainingSequence> batch = new ArrayList<>();
                for (int b = 0; b < BATCH; b++) {
                    batch.add(sequence(random));
                }
                double value = step.run(s, batch).measures().loss();
                sum += s >= STEPS - MEASURED ? value : 0;
            }
            return sum / MEASURED;
        }
    }

    @Test
    @Tag("slow")
    void lossAfter200StepsIsWithinAPercentOfFp32() {
        double fp32 = train(Precision.FP32);
        double bf16 = train(Precision.BF16);
        assertTrue(fp32 < 1.2, "it has learnt little: " + fp32);
        assertEquals(fp32, bf16, 0.01 * fp32);
    }
}
