package org.xecomla.nn;

import java.util.Arrays;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.targets.TargetAlignment;

/** Targets made of teacher logits, and labels made of ids, for tests. */
public final class SoftTargets {
    private SoftTargets() {}

    /** The next token of every position's own sequence, -1 at the last; {@code ids} (B*T). */
    public static int[] nextTokens(int[] ids, int numSequences) {
        int length = ids.length / numSequences;
        int[] labels = new int[ids.length];
        for (int from = 0; from < ids.length; from += length) {
            int[] some = TargetAlignment.NEXT_TOKEN.labels(Arrays.copyOfRange(ids, from, from + length));
            System.arraycopy(some, 0, labels, from, length);
        }
        return labels;
    }

    /** softmax(logits / temperature), rounded to float; (N, V) row-major. */
    public static SoftLabels.Dense dense(double[] logits, int vocabSize, double temperature) {
        int numRows = logits.length / vocabSize;
        float[] probabilities = new float[logits.length];
        for (int n = 0; n < numRows; n++) {
            double sum = 0;
            for (int v = 0; v < vocabSize; v++) {
                sum += Math.exp(logits[n * vocabSize + v] / temperature);
            }
            for (int v = 0; v < vocabSize; v++) {
                int i = n * vocabSize + v;
                probabilities[i] = (float) (Math.exp(logits[i] / temperature) / sum);
            }
        }
        return new SoftLabels.Dense(numRows, vocabSize, probabilities);
    }
}
