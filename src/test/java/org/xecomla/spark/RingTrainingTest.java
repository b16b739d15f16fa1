package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.averaging.LoopbackRing;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.Freeze;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.corpus.shards.SampleOrder;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.optim.OuterUpdate;
import org.xecomla.optim.Sgd;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.train.BatchSlice;
import org.xecomla.train.Replica;
import org.xecomla.train.RoundPlan;
import org.xecomla.train.Rounds;
import org.xecomla.train.TokenObjective;
import org.xecomla.train.TrainStep;
import org.xecomla.train.TrainingLoop;
import org.xecomla.train.TrainingProgress;
import org.xecomla.train.data.TokenData;
import org.xecomla.train.data.TrainingSequence;

/** Replicas that average over sockets, as executors do. */
class RingTrainingTest {
    private static final int VOCAB = 19;
    private static final int LENGTH = 8;
    private static final long NUM_STEPS = 3;
    private static final ModelConfig MODEL = new ModelConfig(
            12,
            20,
            VOCAB,
            32,
            1e-5,
            10_000,
            true,
            1,
            2,
            List.of(
                    new AttentionConfig.Gqa(4, 2, 4, RopeScaling.NONE),
                    new AttentionConfig.Mla(4, 0, 5, 3, 2, 4, false, true, RopeScaling.NONE, Math.pow(5, -0.5))));

    /** Weights after training by plain SGD without clipping, averaging after every step. */
    private static double[] train(ParameterAveraging averaging, int batch, boolean trains) {
        NaiveKernels kernels = new NaiveKernels(ElementType.DOUBLE);
        TokenObjective loss = TokenObjective.CROSS_ENTROPY;
        TokenData data =
                TokenData.of(sequences().stream().map(TokenSequence::of).toList());
        BatchSlice slice = new BatchSlice(batch, averaging.numReplicas(), averaging.rank());
        try (Replica replica =
                        new Replica(MODEL, Freeze.NONE.trainable(), new Replica.Shape(2, LENGTH), loss, kernels);
                Sgd sgd = new Sgd();
                Rounds rounds = new Rounds(
                        RoundPlan.plain(1),
                        averaging,
                        slice.share(),
                        new OuterUpdate(1, 0, replica.weights().layout(), kernels),
                        replica)) {
            Random random = new Random(5);
            for (Tensor segment : replica.weights().segments()) {
                segment.write(random.doubles(segment.length(), -0.5, 0.5).toArray());
            }
            TrainStep<TrainingSequence> step =
                    new TrainStep<>(replica, sgd, LearningRateSchedule.constant(0.2), GradientClip.NONE, loss);
            new TrainingLoop<>(
                            step, data, new SampleOrder(3, data.numSequences()), slice, rounds, List.of(), () -> false)
                    .run(TrainingProgress.START, trains ? NUM_STEPS : 0);
            return replica.weights().segments().stream()
                    .flatMapToDouble(segment -> java.util.Arrays.stream(segment.toDoubles()))
                    .toArray();
        }
    }

    private static List<int[]> sequences() {
        Random random = new Random(9);
        List<int[]> sequences = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            sequences.add(random.ints(LENGTH, 0, VOCAB).toArray());
        }
        return sequences;
    }

    /** Plain SGD is linear in the gradient. With AdamW the two differ. */
    @ParameterizedTest
    @CsvSource({"2, 4", "3, 7"})
    void replicasThatAverageEveryStepEqualOneLargeBatch(int numReplicas, int batch) throws Exception {
        double[] expected = train(ParameterAveraging.alone(), batch, true);
        double[] start = train(ParameterAveraging.alone(), batch, false);
        double moved = 0;
        for (int i = 0; i < start.length; i++) {
            moved = Math.max(moved, Math.abs(start[i] - expected[i]));
        }
        assertTrue(moved > 1e-2, "training moves the weights");
        try (LoopbackRing rings = new LoopbackRing()) {
            for (double[] weights : rings.run(numReplicas, ring -> train(ring, batch, true))) {
                assertArrayEquals(expected, weights, 1e-10);
            }
        }
    }
}
