package org.xecomla.nn.loss;

/** The mean of KL(p || m) and KL(q || m), m = (p + q) / 2, between the teacher p and the student q. */
public record JensenShannon(SoftLabels targets, double temperature, double weight) implements BucketDivergence {
    public JensenShannon {
        BucketDivergence.require(targets, temperature, "the Jensen-Shannon divergence");
    }

    @Override
    public JensenShannon rows(int from, int to) {
        return new JensenShannon(targets.rows(from, to), temperature, weight);
    }

    @Override
    public double value(double p, double q) {
        double mean = (p + q) / 2;
        return (p * Math.log(p / mean) + q * Math.log(q / mean)) / 2;
    }

    @Override
    public double slope(double p, double q) {
        // forward was: (p log(p / m) + q log(q / m)) / 2, m = (p + q) / 2, whose own part cancels
        return Math.log(2 * q / (p + q)) / 2;
    }
}
