package org.xecomla.nn.loss;

/** KL(q || p): the student q keeps to what the teacher p holds probable. */
public record ReverseKl(SoftLabels targets, double temperature, double weight) implements BucketDivergence {
    public ReverseKl {
        BucketDivergence.require(targets, temperature, "the reverse KL");
    }

    @Override
    public ReverseKl rows(int from, int to) {
        return new ReverseKl(targets.rows(from, to), temperature, weight);
    }

    @Override
    public double value(double p, double q) {
        return q * Math.log(q / p);
    }

    @Override
    public double slope(double p, double q) {
        // forward was: q log(q / p)
        return Math.log(q / p) + 1;
    }
}
