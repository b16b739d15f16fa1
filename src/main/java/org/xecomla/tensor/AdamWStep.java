package org.xecomla.tensor;

/**
 * Coefficients of one AdamW step (Loshchilov and Hutter 2019, as in torch.optim.AdamW).
 *
 * @param gradientScale factor on the gradient before it is used: clipping and micro-batch averaging in one pass
 * @param step 1 for the first step: bias corrections are 1 - beta^step
 */
public record AdamWStep(
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double gradientScale,
        long step) {}
