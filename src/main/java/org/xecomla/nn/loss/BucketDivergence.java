package org.xecomla.nn.loss;

/**
 * A divergence over the listed tokens of every row and, where the targets have a tail, a bucket of all others. With
 * buckets, it is a lower bound of that over the vocabulary.
 *
 * <p>A bucket of teacher's mass p and student's mass q contributes F(p, q), masses below 1e-12 counting as that. With g
 * = dF/dq, the gradient of logit z_j is beta q_j (g_j - sum over the buckets of q g), g_j being that of the token's
 * bucket.
 * Legend: N positions, k listed tokens.
 */
sealed interface BucketDivergence extends SoftmaxLoss permits ReverseKl, JensenShannon {
    double LEAST = 1e-12;

    /** Of N positions, the teacher's distributions at the loss's temperature; not draws. */
    SoftLabels targets();

    /** F(p, q). */
    double value(double p, double q);

    /** dF/dq. */
    double slope(double p, double q);

    /** @throws IllegalArgumentException where the targets do not tell p of every bucket */
    static void require(SoftLabels targets, double temperature, String name) {
        ListedTargets.requireTemperature(temperature);
        if (targets instanceof SoftLabels.Sampled) {
            throw new IllegalArgumentException("draws from the teacher do not tell " + name);
        }
    }

    @Override
    default int numRows() {
        return targets().numRows();
    }

    @Override
    default ListedTargets listed() {
        return ListedTargets.of(targets());
    }

    @Override
    default LossSums forward(SoftmaxRows q, ListedTargets p, double[] z) {
        SoftmaxRows.Apart apart = q.setApart(p.ids());
        double sum = 0;
        long numTargets = 0;
        for (int n = 0; n < numRows(); n++) {
            if (p.mass(n) > 0) {
                numTargets++;
                for (int i = n * p.k(); i < (n + 1) * p.k(); i++) {
                    sum += p.ids()[i] < 0 ? 0 : clampedValue(p.weights()[i], apart.listed()[i]);
                }
                sum += p.tail() == null ? 0 : clampedValue(p.tail()[n], apart.rest()[n]);
            }
        }
        return new LossSums(sum, 0, numTargets, 0);
    }

    @Override
    default void backward(SoftmaxRows q, ListedTargets p) {
        SoftmaxRows.Apart apart = q.apart();
        double scale = weight() * beta();
        double[] dZ = new double[p.ids().length]; // (N, k) of the listed tokens; those of the rest are multiples of q
        for (int n = 0; n < numRows(); n++) {
            if (p.mass(n) > 0) {
                // forward was: sum of F(p_i, q_i) over the buckets i, q_i = softmax(beta z)_i or the sum of the rest
                double ofRest = p.tail() == null ? 0 : clampedSlope(p.tail()[n], apart.rest()[n]);
                double mean = apart.rest()[n] * ofRest;
                for (int i = n * p.k(); i < (n + 1) * p.k(); i++) {
                    dZ[i] = p.ids()[i] < 0 ? 0 : clampedSlope(p.weights()[i], apart.listed()[i]);
                    mean += apart.listed()[i] * dZ[i];
                }
                for (int i = n * p.k(); i < (n + 1) * p.k(); i++) {
                    dZ[i] = scale * apart.listed()[i] * (dZ[i] - mean);
                }
                q.addMultiple(n, 0, scale * (ofRest - mean));
            }
        }
        q.addApart(dZ);
    }

    private double clampedValue(double teacher, double student) {
        return value(Math.max(LEAST, teacher), Math.max(LEAST, student));
    }

    /** 0 below the least, where the value is flat. */
    private double clampedSlope(double teacher, double student) {
        return student < LEAST ? 0 : slope(Math.max(LEAST, teacher), student);
    }
}
