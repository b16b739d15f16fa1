package org.xecomla.nn.loss;

import java.util.Arrays;

/**
 * Cross-entropy of labels: weight times the sum of -log q_y, q = softmax(z). Legend: N positions.
 *
 * @param labels (N) the next token, -1: none
 */
public record CrossEntropy(int[] labels, double weight) implements SoftmaxLoss {
    /** Of weight 1. */
    public CrossEntropy(int[] labels) {
        this(labels, 1);
    }

    @Override
    public int numRows() {
        return labels.length;
    }

    @Override
    public CrossEntropy rows(int from, int to) {
        return new CrossEntropy(Arrays.copyOfRange(labels, from, to), weight);
    }

    @Override
    public double temperature() {
        return 1;
    }

    @Override
    public ListedTargets listed() {
        return ListedTargets.of(labels);
    }

    @Override
    public LossSums forward(SoftmaxRows q, ListedTargets listed, double[] z) {
        double sum = 0;
        long numLabels = 0;
        for (int n = 0; n < labels.length; n++) {
            if (labels[n] >= 0) {
                sum += q.logSumExp()[n] - z[n];
                numLabels++;
            }
        }
        return new LossSums(0, sum, 0, numLabels);
    }

    @Override
    public void backward(SoftmaxRows q, ListedTargets listed) {
        double[] dZ = new double[labels.length]; // (N, 1) of the labels
        for (int n = 0; n < labels.length; n++) {
            if (labels[n] >= 0) {
                // forward was: logSumExp(z) - z_y
                q.addMultiple(n, weight, weight);
                dZ[n] = -weight;
            }
        }
        q.addColumns(labels, dZ);
    }
}
