package org.xecomla.eval;

import java.io.Serializable;

/**
 * What was added up over some windows: ranges of windows are scored apart and their sums added.
 *
 * @param lossSum nats, -log P(token) over the predicted positions
 * @param numTokens predicted positions: all of a window but its first
 * @param klSum nats, KL(teacher || student) over all positions; 0 without a teacher
 * @param numKlPositions positions of klSum; 0 without a teacher
 */
public record EvalSums(double lossSum, long numTokens, double klSum, long numKlPositions) implements Serializable {
    public static final EvalSums ZERO = new EvalSums(0, 0, 0, 0);

    public EvalSums plus(EvalSums other) {
        return new EvalSums(
                lossSum + other.lossSum,
                numTokens + other.numTokens,
                klSum + other.klSum,
                numKlPositions + other.numKlPositions);
    }
}
