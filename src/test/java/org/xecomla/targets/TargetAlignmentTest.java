package org.xecomla.targets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.nn.loss.SoftLabels;

/**
 * A teacher that knows the chain x' = (5 x + 3) mod V and gives the next token 0.9 at every position, and a text of
 * that chain. Aligned targets and labels both agree with the text; anything shifted does not.
 */
class TargetAlignmentTest {
    private static final int VOCAB_SIZE = 64;
    private static final int LENGTH = 33;

    private static int[] text() {
        int[] ids = new int[LENGTH];
        ids[0] = 11;
        for (int t = 1; t < LENGTH; t++) {
            ids[t] = (5 * ids[t - 1] + 3) % VOCAB_SIZE;
        }
        return ids;
    }

    /** What a causal model computes at every position, from the tokens up to it. */
    private static float[] modelLogits(int[] ids) {
        float[] logits = new float[LENGTH * VOCAB_SIZE]; // (T, V)
        for (int t = 0; t < LENGTH; t++) {
            logits[t * VOCAB_SIZE + (5 * ids[t] + 3) % VOCAB_SIZE] = (float) Math.log(0.9 / 0.1 * (VOCAB_SIZE - 1));
        }
        return logits;
    }

    /** Whether a student equal to the teacher has no loss, and the labels are what both expect. */
    private static boolean agrees(TargetAlignment alignment) {
        int[] ids = text();
        DenseCodec codec = new DenseCodec(1);
        byte[] record = TeacherLogits.record(codec, modelLogits(ids), LENGTH, 0);
        SoftLabels.Dense targets = (SoftLabels.Dense) alignment.toPositions(codec.decode(record, LENGTH, VOCAB_SIZE));
        float[] student = modelLogits(ids);
        int[] labels = alignment.labels(ids);
        double kl = 0;
        double crossEntropy = 0;
        for (int t = 0; t < LENGTH; t++) {
            double sum = 0;
            for (int i = 0; i < VOCAB_SIZE; i++) {
                sum += Math.exp(student[t * VOCAB_SIZE + i]);
            }
            for (int i = 0; i < VOCAB_SIZE; i++) {
                double p = targets.probabilities()[t * VOCAB_SIZE + i];
                kl += p * (Math.log(p) - student[t * VOCAB_SIZE + i] + Math.log(sum)) / LENGTH;
            }
            if (labels[t] != TargetAlignment.NO_LABEL) {
                crossEntropy -= (student[t * VOCAB_SIZE + labels[t]] - Math.log(sum)) / (LENGTH - 1);
            }
        }
        return kl < 1e-6 && crossEntropy < -Math.log(0.9) + 1e-6;
    }

    @Test
    void rowTSpeaksOfTokenTPlusOne() {
        assertTrue(agrees(TargetAlignment.NEXT_TOKEN));
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, -1, 1, 2})
    void anyShiftIsWrong(int shift) {
        assertTrue(!agrees(new TargetAlignment(shift)));
    }

    @Test
    void labelsAreTheNextIdsAndTheLastPositionHasNone() {
        assertArrayEquals(new int[] {7, 9, -1}, TargetAlignment.NEXT_TOKEN.labels(new int[] {5, 7, 9}));
        SoftLabels.TopK targets =
                new SoftLabels.TopK(2, 1, new int[] {3, 4}, new float[] {0.5f, 0.25f}, new float[] {0.5f, 0.75f});
        assertSame(targets, TargetAlignment.NEXT_TOKEN.toPositions(targets));
    }
}
