package org.xecomla.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.xecomla.config.Freeze;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.data.TrainingData;
import org.xecomla.train.data.TrainingSequence;

/** A model of a few thousand weights, one layer GQA and one MLA, and data that it can learn. */
public final class Tiny {
    public static final int VOCAB = 23;
    public static final int LENGTH = 9;

    public static final ModelConfig MODEL = new ModelConfig(
            12,
            20,
            VOCAB,
            64,
            1e-5,
            10_000,
            true,
            1,
            2,
            List.of(
                    new AttentionConfig.Gqa(4, 2, 4, RopeScaling.NONE),
                    new AttentionConfig.Mla(4, 0, 5, 3, 2, 4, false, true, RopeScaling.NONE, Math.pow(5, -0.5))));

    private Tiny() {}

    /** Sequences that count upwards from a random start, with a teacher who is nearly sure of it. */
    record Data(long numSequences, boolean teacher) implements TrainingData {
        @Override
        public int sequenceLength() {
            return LENGTH;
        }

        @Override
        public TrainingSequence read(long sequence) {
            Random random = new Random(sequence);
            int stride = 1 + random.nextInt(2);
            int[] ids = new int[LENGTH];
            ids[0] = random.nextInt(VOCAB);
            for (int t = 1; t < LENGTH; t++) {
                ids[t] = (ids[t - 1] + stride) % VOCAB;
            }
            float[] probabilities = new float[LENGTH * VOCAB];
            for (int t = 0; t < LENGTH; t++) {
                for (int v = 0; v < VOCAB; v++) {
                    boolean next = v == (ids[t] + stride) % VOCAB;
                    probabilities[t * VOCAB + v] = next ? 1 - 0.01f * (VOCAB - 1) : 0.01f;
                }
            }
            return TrainingSequence.of(ids, teacher ? new SoftLabels.Dense(LENGTH, VOCAB, probabilities) : null);
        }
    }

    static Replica replica(int microBatchSequences, TokenObjective loss, Freeze freeze, Kernels kernels) {
        Replica replica =
                new Replica(MODEL, freeze.trainable(), new Replica.Shape(microBatchSequences, LENGTH), loss, kernels);
        RandomWeights.write(MODEL, 7, replica.weights());
        return replica;
    }

    static List<TrainingSequence> sequences(TrainingData data, int count) {
        List<TrainingSequence> sequences = new ArrayList<>();
        for (int s = 0; s < count; s++) {
            sequences.add(data.read(s));
        }
        return sequences;
    }

    /** All weights, parameter by parameter. */
    static double[] weights(Replica replica) {
        return replica.weights().segments().stream()
                .flatMapToDouble(segment -> java.util.Arrays.stream(segment.toDoubles()))
                .toArray();
    }
}
