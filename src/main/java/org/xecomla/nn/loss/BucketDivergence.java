package org.xecomla.nn.loss;

import org.xecomla.config.Divergence;

/**
 * Reverse KL or Jensen-Shannon divergence over the listed tokens of every row and, where the targets have one, a bucket
 * of all others. With buckets, it is a lower bound of that over the vocabulary.
 *
 * <p>A bucket of teacher's mass p and student's mass q contributes F(p, q); with g = dF/dq, the gradient for the logits
 * is beta q_j (g_j - sum over the buckets of q g), g_j being that of the token's bucket. Masses below 1e-12 count as
 * that.
 * Legend: N rows, k listed tokens.
 *
 * @param listed (N, k) the student's probabilities
 * @param rest (N) the student's mass of all other tokens
 */
record BucketDivergence(Divergence kind, ListedTargets targets, double[] listed, double[] rest) {
    private static final double LEAST = 1e-12;

    /** Sums over the rows that have a target. */
    LossSums sums() {
        double sum = 0;
        long count = 0;
        for (int n = 0; n < rest.length; n++) {
            if (targets.mass(n) > 0) {
                count++;
                for (int i = n * targets.k(); i < (n + 1) * targets.k(); i++) {
                    sum += targets.ids()[i] < 0 ? 0 : value(targets.weights()[i], listed[i]);
                }
                sum += targets.tail() == null ? 0 : value(targets.tail()[n], rest[n]);
            }
        }
        return new LossSums(sum, 0, count, 0);
    }

    /**
     * Gradients for the logits of listed tokens; those of the others, multiples of their probabilities, are added to
     * {@code factors}.
     *
     * @param scale of the sum, times beta
     * @return (N, k)
     */
    double[] slopes(double scale, LogitsLoss.RowFactors factors) {
        double[] slopes = new double[listed.length]; // (N, k)
        for (int n = 0; n < rest.length; n++) {
            if (targets.mass(n) > 0) {
                double ofRest = targets.tail() == null ? 0 : slope(targets.tail()[n], rest[n]);
                double mean = rest[n] * ofRest;
                for (int i = n * targets.k(); i < (n + 1) * targets.k(); i++) {
                    slopes[i] = targets.ids()[i] < 0 ? 0 : slope(targets.weights()[i], listed[i]);
                    mean += listed[i] * slopes[i];
                }
                for (int i = n * targets.k(); i < (n + 1) * targets.k(); i++) {
                    slopes[i] = scale * listed[i] * (slopes[i] - mean);
                }
                factors.add(n, 0, scale * (ofRest - mean));
            }
        }
        return slopes;
    }

    private double value(double teacher, double student) {
        double p = Math.max(LEAST, teacher);
        double q = Math.max(LEAST, student);
        if (kind == Divergence.REVERSE_KL) {
            return q * Math.log(q / p);
        }
        double mean = (p + q) / 2;
        return (p * Math.log(p / mean) + q * Math.log(q / mean)) / 2;
    }

    /** Derivative by the student's mass; 0 below the least, where the value is flat. */
    private double slope(double teacher, double student) {
        double p = Math.max(LEAST, teacher);
        if (student < LEAST) {
            return 0;
        }
        return kind == Divergence.REVERSE_KL ? Math.log(student / p) + 1 : Math.log(2 * student / (p + student)) / 2;
    }
}
