package org.xecomla.train.preference;

import org.xecomla.config.DpoConfig;
import org.xecomla.targets.LogProbabilities;

/**
 * Loss of one preference from the margin of policy over reference: h = (log p(chosen) - log p(rejected)) - (the same of
 * the reference).
 *
 * <p>Sigmoid (Rafailov et al. 2023): -(1 - s) log sigmoid(beta h) - s log sigmoid(-beta h), s the label smoothing. IPO
 * (Azar et al. 2023): (h - 1 / (2 beta))^2, all log-probabilities being means over their answer's tokens.
 *
 * @param beta strength of the reference
 * @param labelSmoothing s, of the sigmoid loss
 */
public record PreferenceLoss(DpoConfig.Loss form, double beta, double labelSmoothing) {
    /** The loss of section {@code dpo}. */
    public static PreferenceLoss of(DpoConfig config) {
        return new PreferenceLoss(config.loss(), config.beta(), config.labelSmoothing());
    }

    /**
     * A loss and what it was made of.
     *
     * @param dChosen gradient of the policy's log-probability of the chosen answer
     * @param chosenReward beta times the log-ratio of policy and reference on the chosen answer
     */
    public record Value(double loss, double dChosen, double dRejected, double chosenReward, double rejectedReward) {
        /** How much better the chosen answer is rewarded. */
        public double margin() {
            return chosenReward - rejectedReward;
        }
    }

    /** @param numChosen tokens scored of the chosen answer */
    public Value of(LogProbabilities policy, LogProbabilities reference, int numChosen, int numRejected) {
        boolean ipo = form == DpoConfig.Loss.IPO;
        double perChosen = ipo ? 1.0 / Math.max(1, numChosen) : 1;
        double perRejected = ipo ? 1.0 / Math.max(1, numRejected) : 1;
        double chosenRatio = perChosen * (policy.chosen() - reference.chosen());
        double rejectedRatio = perRejected * (policy.rejected() - reference.rejected());
        double h = chosenRatio - rejectedRatio;
        double loss;
        double slope; // d loss / d h
        if (ipo) {
            double off = h - 1 / (2 * beta);
            loss = off * off;
            slope = 2 * off;
        } else {
            loss = (1 - labelSmoothing) * softplus(-beta * h) + labelSmoothing * softplus(beta * h);
            slope = beta * (labelSmoothing * sigmoid(beta * h) - (1 - labelSmoothing) * sigmoid(-beta * h));
        }
        return new Value(loss, slope * perChosen, -slope * perRejected, beta * chosenRatio, beta * rejectedRatio);
    }

    /** log(1 + e^x), which is -log sigmoid(-x). */
    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
