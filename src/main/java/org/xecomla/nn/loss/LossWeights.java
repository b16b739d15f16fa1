package org.xecomla.nn.loss;

/**
 * What the gradient is of: kl * klSum + ce * ceSum.
 *
 * @param kl commonly (1 - alpha) T^2 / positions
 * @param ce commonly alpha / positions
 */
public record LossWeights(double kl, double ce) {
    public static LossWeights of(TokenLoss loss, double klScale, double ceScale) {
        double temperature = loss.temperature();
        return new LossWeights((1 - loss.alpha()) * temperature * temperature * klScale, loss.alpha() * ceScale);
    }
}
