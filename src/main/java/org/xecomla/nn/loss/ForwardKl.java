package org.xecomla.nn.loss;

/**
 * KL of the student q = softmax(z / T) from the teacher, whose listed tokens have weights w: the sum of w (log w - log
 * q), of -w log q where the targets are draws. Targets with a tail have one bucket of all other tokens, of teacher's
 * mass t and student's mass q_t (both at least 1e-12), which adds t (log t - log q_t). Legend: N positions, k listed
 * tokens.
 *
 * @param targets of N positions, the teacher's distributions at temperature T; a row of unused ids (-1), or of zeros in
 *     dense form, has no target
 * @param temperature T of the student's distribution, above 0. The targets must have been made with the same
 */
public record ForwardKl(SoftLabels targets, double temperature, double weight) implements SoftmaxLoss {
    private static final double LEAST_TAIL = 1e-12;

    public ForwardKl {
        ListedTargets.requireTemperature(temperature);
    }

    @Override
    public int numRows() {
        return targets.numRows();
    }

    @Override
    public ForwardKl rows(int from, int to) {
        return new ForwardKl(targets.rows(from, to), temperature, weight);
    }

    @Override
    public ListedTargets listed() {
        return ListedTargets.of(targets);
    }

    @Override
    public LossSums forward(SoftmaxRows q, ListedTargets listed, double[] z) {
        double[] rest = listed.tail() == null ? null : q.setApart(listed.ids()).rest(); // (N)
        double sum = 0;
        long numTargets = 0;
        for (int n = 0; n < numRows(); n++) {
            if (listed.mass(n) > 0) {
                numTargets++;
                sum += ofListed(n, listed, z, q.logSumExp()[n]);
                if (rest != null) {
                    double tail = Math.max(listed.tail()[n], LEAST_TAIL);
                    sum += tail * (Math.log(tail) - Math.log(Math.max(rest[n], LEAST_TAIL)));
                }
            }
        }
        return new LossSums(sum, 0, numTargets, 0);
    }

    private double ofListed(int n, ListedTargets listed, double[] z, double logSumExp) {
        double sum = 0;
        for (int i = n * listed.k(); i < (n + 1) * listed.k(); i++) {
            double w = listed.weights()[i];
            if (listed.ids()[i] >= 0 && w > 0) {
                double logQ = beta() * z[i] - logSumExp;
                sum += w * ((listed.entropyKnown() ? Math.log(w) : 0) - logQ);
            }
        }
        return sum;
    }

    @Override
    public void backward(SoftmaxRows q, ListedTargets listed) {
        double scale = weight * beta();
        double[] dZ = new double[listed.ids().length]; // (N, k)
        for (int i = 0; i < dZ.length; i++) {
            // forward was: -w (beta z_i - logSumExp(beta z)) of listed token i; all others are in the multiples of q
            dZ[i] = -scale * listed.weights()[i];
        }
        for (int n = 0; n < numRows(); n++) {
            double mass = listed.mass(n);
            if (mass > 0 && listed.tail() == null) {
                q.addMultiple(n, scale * mass, scale * mass);
            } else if (mass > 0) {
                tailBackward(n, mass, listed.tail()[n], scale, q);
            }
        }
        if (listed.tail() == null) {
            q.addColumns(listed.ids(), dZ);
        } else {
            q.addApart(dZ);
        }
    }

    /** The bucket's part. */
    private static void tailBackward(int n, double mass, double teacher, double scale, SoftmaxRows q) {
        double rest = q.apart().rest()[n];
        double tail = Math.max(teacher, LEAST_TAIL);
        // forward was: t (log t - log q_t), q_t = sum of q over the rest, flat below the least
        if (rest < LEAST_TAIL) {
            q.addMultiple(n, scale * mass, scale * mass);
        } else {
            q.addMultiple(n, scale * (mass + tail), scale * (mass + tail - tail / rest));
        }
    }
}
