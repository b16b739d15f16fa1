package org.xecomla.nn.loss;

import java.util.Arrays;

/**
 * Targets of N positions as lists of k tokens with weights, whatever form they came in: a dense row lists the
 * vocabulary, a label is a list of one.
 *
 * @param ids (N, k), unused entries -1
 * @param weights (N, k)
 * @param tail (N) weight of all other tokens together, or null: there is no such bucket
 * @param entropyKnown whether sum w log w is the teacher's own entropy, so that the loss is a divergence; of draws it
 *     is not
 */
record ListedTargets(int k, int[] ids, float[] weights, float[] tail, boolean entropyKnown) {
    static ListedTargets of(SoftLabels labels) {
        if (labels instanceof SoftLabels.TopK topK) {
            return new ListedTargets(topK.k(), topK.ids(), topK.probabilities(), topK.tail(), true);
        } else if (labels instanceof SoftLabels.Sampled sampled) {
            return new ListedTargets(sampled.k(), sampled.ids(), sampled.weights(), null, false);
        }
        SoftLabels.Dense dense = (SoftLabels.Dense) labels;
        int[] ids = new int[dense.probabilities().length];
        Arrays.setAll(ids, i -> i % dense.vocabSize());
        return new ListedTargets(dense.vocabSize(), ids, dense.probabilities(), null, true);
    }

    /** Labels (N), -1: none. */
    static ListedTargets of(int[] labels) {
        float[] weights = new float[labels.length]; // (N, 1)
        for (int n = 0; n < labels.length; n++) {
            weights[n] = labels[n] < 0 ? 0 : 1;
        }
        return new ListedTargets(1, labels, weights, null, true);
    }

    /** Sum of the weights of row n's listed tokens; 0: the row has no target. */
    double mass(int n) {
        double mass = 0;
        for (int i = n * k; i < (n + 1) * k; i++) {
            mass += ids[i] < 0 ? 0 : weights[i];
        }
        return mass;
    }

    /** @throws IllegalArgumentException where the softmax has no such temperature */
    static void requireTemperature(double temperature) {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("no softmax of temperature " + temperature);
        }
    }
}
