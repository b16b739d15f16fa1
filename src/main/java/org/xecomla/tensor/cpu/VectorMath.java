package org.xecomla.tensor.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RowMath} by the JDK's Vector API: every loop runs over full vectors and then over single elements, since masks
 * are slow before JDK 18. No second, shorter species for what is left: the compiler learns the classes of vectors in
 * places that all loops share, and two classes there make every vector an object on the heap.
 */
public final class VectorMath implements RowMath {
    private static final VectorSpecies<Float> WIDE = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = WIDE.length();
    private static final int STEP = 4 * LANES; // bytes

    private static FloatVector load(ByteBuffer x, int at) {
        return FloatVector.fromByteBuffer(WIDE, x, at, ORDER);
    }

    private static void store(FloatVector value, ByteBuffer x, int at) {
        value.intoByteBuffer(x, at, ORDER);
    }

    /** Bytes of {@code n} floats that fill whole vectors. */
    private static int wide(int n) {
        return 4 * (n & -LANES);
    }

    /** {@link ScalarMath#exp}, lane by lane, with fused multiply-adds. */
    static FloatVector exp(FloatVector x) {
        FloatVector low = x.blend(ScalarMath.LOWEST, x.compare(VectorOperators.LT, ScalarMath.LOWEST));
        FloatVector clamped = low.blend(ScalarMath.HIGHEST, low.compare(VectorOperators.GT, ScalarMath.HIGHEST));
        FloatVector rounder = FloatVector.broadcast(WIDE, ScalarMath.ROUNDER);
        FloatVector rounded = clamped.fma(FloatVector.broadcast(WIDE, ScalarMath.INVERSE_LN2), rounder);
        FloatVector k = rounded.sub(rounder);
        FloatVector high = k.fma(FloatVector.broadcast(WIDE, -ScalarMath.LN2_HIGH), clamped);
        FloatVector r = k.fma(FloatVector.broadcast(WIDE, -ScalarMath.LN2_LOW), high);
        FloatVector p = FloatVector.broadcast(WIDE, ScalarMath.C0);
        p = p.fma(r, FloatVector.broadcast(WIDE, ScalarMath.C1));
        p = p.fma(r, FloatVector.broadcast(WIDE, ScalarMath.C2));
        p = p.fma(r, FloatVector.broadcast(WIDE, ScalarMath.C3));
        p = p.fma(r, FloatVector.broadcast(WIDE, ScalarMath.C4));
        p = p.fma(r, FloatVector.broadcast(WIDE, ScalarMath.C5));
        FloatVector mantissa = p.fma(r.mul(r), r).add(1f);
        return mantissa.reinterpretAsInts()
                .add(rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats();
    }

    /** {@link #exp(FloatVector)} of one element, bit for bit: a result does not depend on where a row's tail begins. */
    static float exp(float x) {
        float low = x < ScalarMath.LOWEST ? ScalarMath.LOWEST : x;
        float clamped = low > ScalarMath.HIGHEST ? ScalarMath.HIGHEST : low;
        float rounded = Math.fma(clamped, ScalarMath.INVERSE_LN2, ScalarMath.ROUNDER);
        float k = rounded - ScalarMath.ROUNDER;
        float r = Math.fma(k, -ScalarMath.LN2_LOW, Math.fma(k, -ScalarMath.LN2_HIGH, clamped));
        float p = Math.fma(ScalarMath.C0, r, ScalarMath.C1);
        p = Math.fma(p, r, ScalarMath.C2);
        p = Math.fma(p, r, ScalarMath.C3);
        p = Math.fma(p, r, ScalarMath.C4);
        p = Math.fma(p, r, ScalarMath.C5);
        float mantissa = Math.fma(p, r * r, r) + 1f;
        return Float.intBitsToFloat(Float.floatToRawIntBits(mantissa) + (Float.floatToRawIntBits(rounded) << 23));
    }

    private static FloatVector sigmoid(FloatVector x) {
        FloatVector one = FloatVector.broadcast(WIDE, 1f);
        return one.div(exp(x.neg()).add(one));
    }

    private static float sigmoid(float x) {
        return 1f / (exp(-x) + 1f);
    }

    @Override
    public void fill(float value, ByteBuffer x, int xAt, int n) {
        FloatVector values = FloatVector.broadcast(WIDE, value);
        int i = 0;
        for (; i < wide(n); i += STEP) {
            store(values, x, xAt + i);
        }
        for (; i < 4 * n; i += 4) {
            x.putFloat(xAt + i, value);
        }
    }

    @Override
    public void copy(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
        int i = 0;
        for (; i < wide(n); i += STEP) {
            store(load(x, xAt + i), y, yAt + i);
        }
        for (; i < 4 * n; i += 4) {
            y.putFloat(yAt + i, x.getFloat(xAt + i));
        }
    }

    @Override
    public void scale(float alpha, ByteBuffer x, int xAt, int n) {
        int i = 0;
        for (; i < wide(n); i += STEP) {
            store(load(x, xAt + i).mul(alpha), x, xAt + i);
        }
        for (; i < 4 * n; i += 4) {
            x.putFloat(xAt + i, alpha * x.getFloat(xAt + i));
        }
    }

    @Override
    public void axpy(float alpha, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
        FloatVector a = FloatVector.broadcast(WIDE, alpha);
        int i = 0;
        for (; i < wide(n); i += STEP) {
            store(load(x, xAt + i).fma(a, load(y, yAt + i)), y, yAt + i);
        }
        for (; i < 4 * n; i += 4) {
            y.putFloat(yAt + i, Math.fma(x.getFloat(xAt + i), alpha, y.getFloat(yAt + i)));
        }
    }

    @Override
    public float dot(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
        FloatVector sums = FloatVector.zero(WIDE);
        int i = 0;
        for (; i < wide(n); i += STEP) {
            sums = load(x, xAt + i).fma(load(y, yAt + i), sums);
        }
        float sum = sums.reduceLanes(VectorOperators.ADD);
        for (; i < 4 * n; i += 4) {
            sum = Math.fma(x.getFloat(xAt + i), y.getFloat(yAt + i), sum);
        }
        return sum;
    }

    @Override
    public double sumOfSquares(ByteBuffer x, int xAt, int n) {
        DoubleVector sums0 = DoubleVector.zero(DOUBLES);
        DoubleVector sums1 = DoubleVector.zero(DOUBLES);
        int i = 0;
        for (; i < wide(n); i += STEP) {
            FloatVector values = load(x, xAt + i);
            DoubleVector low = (DoubleVector) values.convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector high = (DoubleVector) values.convertShape(VectorOperators.F2D, DOUBLES, 1);
            sums0 = low.fma(low, sums0);
            sums1 = high.fma(high, sums1);
        }
        double sum = sums0.add(sums1).reduceLanes(VectorOperators.ADD);
        for (; i < 4 * n; i += 4) {
            double value = x.getFloat(xAt + i);
            sum = Math.fma(value, value, sum);
        }
        return sum;
    }

    @Override
    public float max(ByteBuffer x, int xAt, int n) {
        FloatVector maxima = FloatVector.broadcast(WIDE, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i < wide(n); i += STEP) {
            FloatVector values = load(x, xAt + i);
            maxima = maxima.blend(values, values.compare(VectorOperators.GT, maxima));
        }
        float max = maxima.reduceLanes(VectorOperators.MAX);
        for (; i < 4 * n; i += 4) {
            float value = x.getFloat(xAt + i);
            max = value > max ? value : max;
        }
        return max;
    }

    @Override
    public void scaleByGain(
            float factor, ByteBuffer x, int xAt, ByteBuffer gain, int gainAt, ByteBuffer y, int yAt, int n) {
        int i = 0;
        for (; i < wide(n); i += STEP) {
            store(load(x, xAt + i).mul(factor).mul(load(gain, gainAt + i)), y, yAt + i);
        }
        for (; i < 4 * n; i += 4) {
            y.putFloat(yAt + i, x.getFloat(xAt + i) * factor * gain.getFloat(gainAt + i));
        }
    }

    @Override
    public float dot3(ByteBuffer a, int aAt, ByteBuffer b, int bAt, ByteBuffer c, int cAt, int n) {
        FloatVector sums = FloatVector.zero(WIDE);
        int i = 0;
        for (; i < wide(n); i += STEP) {
            sums = load(a, aAt + i).mul(load(b, bAt + i)).fma(load(c, cAt + i), sums);
        }
        float sum = sums.reduceLanes(VectorOperators.ADD);
        for (; i < 4 * n; i += 4) {
            sum = Math.fma(a.getFloat(aAt + i) * b.getFloat(bAt + i), c.getFloat(cAt + i), sum);
        }
        return sum;
    }

    @Override
    public void addProduct(float factor, ByteBuffer x, int xAt, ByteBuffer y, int yAt, ByteBuffer z, int zAt, int n) {
        int i = 0;
        for (; i < wide(n); i += STEP) {
            store(load(x, xAt + i).mul(factor).fma(load(y, yAt + i), load(z, zAt + i)), z, zAt + i);
        }
        for (; i < 4 * n; i += 4) {
            z.putFloat(zAt + i, Math.fma(x.getFloat(xAt + i) * factor, y.getFloat(yAt + i), z.getFloat(zAt + i)));
        }
    }

    @Override
    public void rotate(
            ByteBuffer x, int firstAt, int secondAt, ByteBuffer cos, int cosAt, ByteBuffer sin, int sinAt, int n) {
        turn(1f, x, firstAt, secondAt, cos, cosAt, sin, sinAt, n);
    }

    @Override
    public void rotateBack(
            ByteBuffer x, int firstAt, int secondAt, ByteBuffer cos, int cosAt, ByteBuffer sin, int sinAt, int n) {
        turn(-1f, x, firstAt, secondAt, cos, cosAt, sin, sinAt, n);
    }

    private static void turn(
            float sign,
            ByteBuffer x,
            int firstAt,
            int secondAt,
            ByteBuffer cos,
            int cosAt,
            ByteBuffer sin,
            int sinAt,
            int n) {
        int i = 0;
        for (; i < wide(n); i += STEP) {
            FloatVector first = load(x, firstAt + i);
            FloatVector second = load(x, secondAt + i);
            FloatVector c = load(cos, cosAt + i);
            FloatVector s = load(sin, sinAt + i).mul(sign);
            store(first.mul(c).sub(second.mul(s)), x, firstAt + i);
            store(second.mul(c).add(first.mul(s)), x, secondAt + i);
        }
        for (; i < 4 * n; i += 4) {
            ScalarMath.rotateOne(x, firstAt + i, secondAt + i, cos.getFloat(cosAt + i), sign * sin.getFloat(sinAt + i));
        }
    }

    @Override
    public double expAndSum(float factor, float shift, ByteBuffer x, int xAt, int n) {
        FloatVector factors = FloatVector.broadcast(WIDE, factor);
        FloatVector shifts = FloatVector.broadcast(WIDE, -shift);
        FloatVector sums = FloatVector.zero(WIDE);
        int i = 0;
        for (; i < wide(n); i += STEP) {
            FloatVector values = exp(load(x, xAt + i).fma(factors, shifts));
            store(values, x, xAt + i);
            sums = sums.add(values);
        }
        double sum = sums.reduceLanes(VectorOperators.ADD);
        for (; i < 4 * n; i += 4) {
            float value = exp(Math.fma(x.getFloat(xAt + i), factor, -shift));
            x.putFloat(xAt + i, value);
            sum += value;
        }
        return sum;
    }

    @Override
    public void softmaxBackward(
            float factor, float logSumExp, float dot, ByteBuffer p, int pAt, ByteBuffer dP, int dPAt, int n) {
        FloatVector factors = FloatVector.broadcast(WIDE, factor);
        FloatVector shifts = FloatVector.broadcast(WIDE, -logSumExp);
        int i = 0;
        for (; i < wide(n); i += STEP) {
            FloatVector values = exp(load(p, pAt + i).fma(factors, shifts));
            store(values, p, pAt + i);
            store(load(dP, dPAt + i).sub(dot).mul(values).mul(factors), dP, dPAt + i);
        }
        for (; i < 4 * n; i += 4) {
            float value = exp(Math.fma(p.getFloat(pAt + i), factor, -logSumExp));
            p.putFloat(pAt + i, value);
            dP.putFloat(dPAt + i, (dP.getFloat(dPAt + i) - dot) * value * factor);
        }
    }

    @Override
    public void swiGlu(ByteBuffer gate, int gateAt, ByteBuffer up, int upAt, ByteBuffer out, int outAt, int n) {
        int i = 0;
        for (; i < wide(n); i += STEP) {
            FloatVector g = load(gate, gateAt + i);
            store(sigmoid(g).mul(g).mul(load(up, upAt + i)), out, outAt + i);
        }
        for (; i < 4 * n; i += 4) {
            float g = gate.getFloat(gateAt + i);
            out.putFloat(outAt + i, sigmoid(g) * g * up.getFloat(upAt + i));
        }
    }

    @Override
    public void swiGluBackward(
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
            int n) {
        int i = 0;
        for (; i < wide(n); i += STEP) {
            FloatVector d = load(dOut, dOutAt + i);
            FloatVector g = load(gate, gateAt + i);
            FloatVector u = load(up, upAt + i);
            FloatVector sigmoid = sigmoid(g);
            FloatVector silu = g.mul(sigmoid);
            FloatVector slope = silu.sub(silu.mul(sigmoid)).add(sigmoid);
            store(d.mul(silu), dUp, dUpAt + i);
            store(d.mul(u).mul(slope), dGate, dGateAt + i);
        }
        for (; i < 4 * n; i += 4) {
            float d = dOut.getFloat(dOutAt + i);
            float g = gate.getFloat(gateAt + i);
            float u = up.getFloat(upAt + i);
            float sigmoid = sigmoid(g);
            float silu = g * sigmoid;
            float slope = silu - silu * sigmoid + sigmoid;
            dUp.putFloat(dUpAt + i, d * silu);
            dGate.putFloat(dGateAt + i, d * u * slope);
        }
    }

    @Override
    public void adamW(
            AdamWFactors f,
            ByteBuffer w,
            int wAt,
            ByteBuffer g,
            int gAt,
            ByteBuffer m,
            int mAt,
            ByteBuffer v,
            int vAt,
            int n) {
        FloatVector beta1 = FloatVector.broadcast(WIDE, f.beta1());
        FloatVector beta2 = FloatVector.broadcast(WIDE, f.beta2());
        int i = 0;
        for (; i < wide(n); i += STEP) {
            FloatVector gradient = load(g, gAt + i).mul(f.gradientScale());
            FloatVector moment1 = load(m, mAt + i).fma(beta1, gradient.mul(f.oneMinusBeta1()));
            FloatVector moment2 =
                    load(v, vAt + i).fma(beta2, gradient.mul(gradient).mul(f.oneMinusBeta2()));
            FloatVector root = moment2.lanewise(VectorOperators.SQRT)
                    .mul(f.inverseRootOfCorrection2())
                    .add(f.epsilon());
            store(moment1, m, mAt + i);
            store(moment2, v, vAt + i);
            FloatVector decayed = load(w, wAt + i).mul(f.decay());
            store(decayed.sub(moment1.mul(f.stepSize()).div(root)), w, wAt + i);
        }
        for (; i < 4 * n; i += 4) {
            float gradient = g.getFloat(gAt + i) * f.gradientScale();
            float moment1 = Math.fma(m.getFloat(mAt + i), f.beta1(), gradient * f.oneMinusBeta1());
            float moment2 = Math.fma(v.getFloat(vAt + i), f.beta2(), gradient * gradient * f.oneMinusBeta2());
            float root = (float) Math.sqrt(moment2) * f.inverseRootOfCorrection2() + f.epsilon();
            m.putFloat(mAt + i, moment1);
            v.putFloat(vAt + i, moment2);
            w.putFloat(wAt + i, w.getFloat(wAt + i) * f.decay() - moment1 * f.stepSize() / root);
        }
    }
}
