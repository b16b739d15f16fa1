package org.xecomla.train;

import org.xecomla.nn.LossSums;
import org.xecomla.nn.TokenLoss;

/**
 * What a run minimises: (1 - alpha) T^2 KL + alpha CE, each the mean over its positions in the batch.
 *
 * @param alpha weight of the cross-entropy on the text, 0 to 1
 * @param temperature T of student and targets in the KL
 */
public record LossSettings(double alpha, double temperature) {
    /** Cross-entropy only: pretraining. */
    public static final LossSettings CROSS_ENTROPY = new LossSettings(1, 1);

    public LossSettings {
        if (!(alpha >= 0 && alpha <= 1) || !(temperature > 0)) {
            throw new IllegalArgumentException("no loss of alpha " + alpha + " and temperature " + temperature);
        }
    }

    /**
     * The loss of {@code batch}. The cross-entropy is measured also where it is not trained on, unless it would cost a
     * second softmax.
     */
    TokenLoss of(TrainingBatch batch) {
        if (batch.softLabels() == null && alpha < 1) {
            throw new IllegalArgumentException(
                    "alpha " + alpha + " asks for the teacher's targets, and there are none");
        }
        boolean free = alpha > 0 || temperature == 1;
        return new TokenLoss(batch.softLabels(), free ? batch.labels() : null, alpha, temperature);
    }

    /** The loss of summed parts. */
    public double value(LossSums sums) {
        return sums.value(alpha, temperature);
    }
}
