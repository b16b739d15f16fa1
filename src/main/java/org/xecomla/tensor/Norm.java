package org.xecomla.tensor;

/** RMSNorm (Zhang and Sennrich 2019). */
public interface Norm {
    /**
     * y = x / rms(x) * gain with rms = sqrt(mean(x^2) + epsilon), row by row.
     *
     * @param x (N, D), y (N, D)
     * @param gain (1, D)
     * @param inverseRms (N, 1), output: 1 / rms, kept for the backward
     */
    void forward(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms);

    /**
     * @param dX (N, D), adds
     * @param dGain (1, D), adds; null: not wanted
     */
    void backward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain);
}
