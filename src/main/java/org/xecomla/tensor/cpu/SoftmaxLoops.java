package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.Vectors.STEP;
import static org.xecomla.tensor.cpu.Vectors.all;
import static org.xecomla.tensor.cpu.Vectors.load;
import static org.xecomla.tensor.cpu.Vectors.store;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** What the softmax of the head and that of attention are made of, over rows as in {@link RowLoops}. */
final class SoftmaxLoops {
    private final Lanes lanes;

    SoftmaxLoops(Lanes lanes) {
        this.lanes = lanes;
    }

    float max(ByteBuffer x, int xAt, int n) {
        int i = lanes.wide(n);
        float max = i > 0 ? InVectors.max(x, xAt, i) : Float.NEGATIVE_INFINITY;
        for (; i < 4 * n; i += 4) {
            float value = x.getFloat(xAt + i);
            max = value > max ? value : max;
        }
        return max;
    }

    /** x = exp(factor x - shift), and the sum of the results. */
    double expAndSum(float factor, float shift, ByteBuffer x, int xAt, int n) {
        int i = lanes.wide(n);
        double sum = i > 0 ? InVectors.expAndSum(factor, shift, x, xAt, i) : 0;
        for (; i < 4 * n; i += 4) {
            float value = Exp.of(Math.fma(x.getFloat(xAt + i), factor, -shift));
            x.putFloat(xAt + i, value);
            sum += value;
        }
        return sum;
    }

    /** p = exp(factor p - logSumExp) and dP = factor p (dP - dot): the backward of a softmax of factor p, from p. */
    void backward(float factor, float logSumExp, float dot, ByteBuffer p, int pAt, ByteBuffer dP, int dPAt, int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.backward(factor, logSumExp, dot, p, pAt, dP, dPAt, i);
        }
        for (; i < 4 * n; i += 4) {
            float value = Exp.of(Math.fma(p.getFloat(pAt + i), factor, -logSumExp));
            p.putFloat(pAt + i, value);
            dP.putFloat(dPAt + i, (dP.getFloat(dPAt + i) - dot) * value * factor);
        }
    }

    /** The first {@code end} bytes, which fill whole vectors. */
    private static final class InVectors {
        static float max(ByteBuffer x, int xAt, int end) {
            FloatVector maxima = all(Float.NEGATIVE_INFINITY);
            for (int i = 0; i < end; i += STEP) {
                FloatVector values = load(x, xAt + i);
                maxima = maxima.blend(values, values.compare(VectorOperators.GT, maxima));
            }
            return maxima.reduceLanes(VectorOperators.MAX);
        }

        static float expAndSum(float factor, float shift, ByteBuffer x, int xAt, int end) {
            FloatVector factors = all(factor);
            FloatVector shifts = all(-shift);
            FloatVector sums = FloatVector.zero(Vectors.FLOATS);
            for (int i = 0; i < end; i += STEP) {
                FloatVector values = Exp.InVectors.of(load(x, xAt + i).fma(factors, shifts));
                store(values, x, xAt + i);
                sums = sums.add(values);
            }
            return sums.reduceLanes(VectorOperators.ADD);
        }

        static void backward(
                float factor, float logSumExp, float dot, ByteBuffer p, int pAt, ByteBuffer dP, int dPAt, int end) {
            FloatVector factors = all(factor);
            FloatVector shifts = all(-logSumExp);
            for (int i = 0; i < end; i += STEP) {
                FloatVector values = Exp.InVectors.of(load(p, pAt + i).fma(factors, shifts));
                store(values, p, pAt + i);
                store(load(dP, dPAt + i).sub(dot).mul(values).mul(factors), dP, dPAt + i);
            }
        }
    }
}
