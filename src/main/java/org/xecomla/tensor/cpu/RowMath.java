package org.xecomla.tensor.cpu;

import java.nio.ByteBuffer;
import org.xecomla.tensor.AdamWStep;

/**
 * Arithmetic on rows of adjacent floats in host memory: the inner loops of {@link CpuKernels}. {@code x, xAt} is a row:
 * a direct buffer in native order and the byte index of its first element; {@code n} is the number of elements.
 *
 * <p>{@link VectorMath} needs the module jdk.incubator.vector, {@link ScalarMath} needs nothing. Results are the same
 * from run to run: sums are taken in an order that depends on {@code n} only.
 */
interface RowMath {
    /**
     * Long rows are best handed over in blocks of this many elements: sums in float stay accurate, and the just-in-time
     * compiler sees many short calls instead of one that it must replace while it runs, in slow unoptimised vector
     * code.
     */
    int BLOCK = 1024;

    void fill(float value, ByteBuffer x, int xAt, int n);

    void copy(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n);

    void scale(float alpha, ByteBuffer x, int xAt, int n);

    /** y += alpha x. */
    void axpy(float alpha, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n);

    float dot(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n);

    /** Squares and their sum in double. */
    double sumOfSquares(ByteBuffer x, int xAt, int n);

    float max(ByteBuffer x, int xAt, int n);

    /** y = factor * x * gain. */
    void scaleByGain(float factor, ByteBuffer x, int xAt, ByteBuffer gain, int gainAt, ByteBuffer y, int yAt, int n);

    /** The sum of a * b * c. */
    float dot3(ByteBuffer a, int aAt, ByteBuffer b, int bAt, ByteBuffer c, int cAt, int n);

    /** z += factor * x * y. */
    void addProduct(float factor, ByteBuffer x, int xAt, ByteBuffer y, int yAt, ByteBuffer z, int zAt, int n);

    /** first = first cos - second sin and second = second cos + first sin. */
    void rotate(ByteBuffer x, int firstAt, int secondAt, ByteBuffer cos, int cosAt, ByteBuffer sin, int sinAt, int n);

    /** {@link #rotate} by the negated angle. */
    void rotateBack(
            ByteBuffer x, int firstAt, int secondAt, ByteBuffer cos, int cosAt, ByteBuffer sin, int sinAt, int n);

    /** x = exp(factor x - shift), and the sum of the results. */
    double expAndSum(float factor, float shift, ByteBuffer x, int xAt, int n);

    /** p = exp(factor p - logSumExp) and dP = factor p (dP - dot): the backward of a softmax of factor p, from p. */
    void softmaxBackward(
            float factor, float logSumExp, float dot, ByteBuffer p, int pAt, ByteBuffer dP, int dPAt, int n);

    /** out = silu(gate) up. */
    void swiGlu(ByteBuffer gate, int gateAt, ByteBuffer up, int upAt, ByteBuffer out, int outAt, int n);

    /** dGate and dUp, which may be gate and up themselves. */
    void swiGluBackward(
            ByteBuffer dOut,
            int dOutAt,
            ByteBuffer gate,
            int gateAt,
            ByteBuffer up,
            int upAt,
            ByteBuffer dGate,
            int dGateAt,
            ByteBuffer dUp,
            int dUpAt,
            int n);

    /** One AdamW step on weights w, gradient g, moments m and v. */
    void adamW(
            AdamWFactors f,
            ByteBuffer w,
            int wAt,
            ByteBuffer g,
            int gAt,
            ByteBuffer m,
            int mAt,
            ByteBuffer v,
            int vAt,
            int n);

    /** An {@link AdamWStep} with everything worked out that is the same for all elements. */
    record AdamWFactors(
            float gradientScale,
            float beta1,
            float oneMinusBeta1,
            float beta2,
            float oneMinusBeta2,
            float decay,
            float stepSize,
            float inverseRootOfCorrection2,
            float epsilon) {
        static AdamWFactors of(AdamWStep step) {
            double correction1 = 1 - Math.pow(step.beta1(), step.step());
            double correction2 = 1 - Math.pow(step.beta2(), step.step());
            return new AdamWFactors(
                    (float) step.gradientScale(),
                    (float) step.beta1(),
                    (float) (1 - step.beta1()), // not 1 - (float) beta1, which is off by 1e-5 of itself at 0.999
                    (float) step.beta2(),
                    (float) (1 - step.beta2()),
                    (float) (1 - step.learningRate() * step.weightDecay()),
                    (float) (step.learningRate() / correction1),
                    (float) (1 / Math.sqrt(correction2)),
                    (float) step.epsilon());
        }
    }
}
