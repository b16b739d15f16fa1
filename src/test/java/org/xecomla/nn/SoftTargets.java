package org.xecomla.nn;

import org.xecomla.tensor.SoftLabels;

/** Targets made of teacher logits, for tests. */
public final class SoftTargets {
    private SoftTargets() {}

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
