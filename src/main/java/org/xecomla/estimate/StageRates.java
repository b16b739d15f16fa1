package org.xecomla.estimate;

/**
 * How fast one executor is.
 *
 * @param trainingFlops floating-point operations a second of a training step
 * @param forwardFlops of a forward pass
 * @param tokensPerSecond that a core's tokeniser makes of text
 * @param networkBytes a second, each way, to other executors and to storage
 * @param origin where the rates are from, for a person
 */
public record StageRates(
        double trainingFlops, double forwardFlops, double tokensPerSecond, double networkBytes, String origin) {
    public StageRates {
        if (!(trainingFlops > 0 && forwardFlops > 0 && tokensPerSecond > 0 && networkBytes > 0)) {
            throw new IllegalArgumentException("rates are above 0");
        }
    }
}
