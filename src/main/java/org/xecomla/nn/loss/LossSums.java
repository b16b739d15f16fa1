package org.xecomla.nn.loss;

/**
 * Losses summed over positions, unscaled: to be added up over chunks, micro-batches and replicas before anything is
 * divided.
 *
 * @param klSum nats, of another divergence where the loss names one. For dense targets KL(teacher || student) at the
 *     loss's temperature; for top-k targets the same over k tokens and one bucket for the rest; for sampled targets the
 *     cross-entropy against the draws, whose least value is the teacher's entropy and not 0
 * @param ceSum nats, cross-entropy on labels at temperature 1
 * @param numKl positions with a target
 * @param numCe positions with a label
 */
public record LossSums(double klSum, double ceSum, long numKl, long numCe) {
    public static final LossSums ZERO = new LossSums(0, 0, 0, 0);

    public LossSums plus(LossSums other) {
        return new LossSums(klSum + other.klSum, ceSum + other.ceSum, numKl + other.numKl, numCe + other.numCe);
    }

    /** Mean over the positions with a target; 0 where there are none. */
    public double kl() {
        return numKl == 0 ? 0 : klSum / numKl;
    }

    /** Mean over the positions with a label; 0 where there are none. */
    public double crossEntropy() {
        return numCe == 0 ? 0 : ceSum / numCe;
    }

    /** exp of {@link #crossEntropy}. */
    public double perplexity() {
        return Math.exp(crossEntropy());
    }

    /** (1 - alpha) T^2 KL + alpha CE, each the mean over its positions. */
    public double value(double alpha, double temperature) {
        return (1 - alpha) * temperature * temperature * kl() + alpha * crossEntropy();
    }
}
