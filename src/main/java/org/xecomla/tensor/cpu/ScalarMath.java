package org.xecomla.tensor.cpu;

import java.nio.ByteBuffer;

/** {@link RowMath} in plain loops: for a JVM that was started without the module jdk.incubator.vector. */
public final class ScalarMath implements RowMath {
    // exp(x) = 2^k exp(r), k = round(x / ln 2), |r| <= ln(2) / 2: Cephes' expf, error below 2 units in the last place.
    static final float LOWEST = -86.5f; // below, the result would not be a normal number; there it stays at 2.7e-38
    static final float HIGHEST = 88f; // above, it would overflow; there it stays at 1.6e38
    static final float INVERSE_LN2 = 1.44269504088896341f;
    static final float LN2_HIGH = 0.693359375f;
    static final float LN2_LOW = -2.12194440e-4f;
    static final float ROUNDER = 12582912f; // 1.5 * 2^23: added, it leaves the rounded integer in the lowest bits
    static final float C0 = 1.9875691500e-4f;
    static final float C1 = 1.3981999507e-3f;
    static final float C2 = 8.3334519073e-3f;
    static final float C3 = 4.1665795894e-2f;
    static final float C4 = 1.6666665459e-1f;
    static final float C5 = 5.0000001201e-1f;

    /** exp(x) as the vector code computes it, lane by lane. */
    static float exp(float x) {
        float clamped = x < LOWEST ? LOWEST : x > HIGHEST ? HIGHEST : x;
        float rounded = clamped * INVERSE_LN2 + ROUNDER;
        float k = rounded - ROUNDER;
        float r = clamped - k * LN2_HIGH - k * LN2_LOW;
        float p = ((((C0 * r + C1) * r + C2) * r + C3) * r + C4) * r + C5;
        float mantissa = p * r * r + r + 1;
        return Float.intBitsToFloat(Float.floatToRawIntBits(mantissa) + (Float.floatToRawIntBits(rounded) << 23));
    }

    static float sigmoid(float x) {
        return 1 / (1 + exp(-x));
    }

    @Override
    public void fill(float value, ByteBuffer x, int xAt, int n) {
        for (int i = 0; i < 4 * n; i += 4) {
            x.putFloat(xAt + i, value);
        }
    }

    @Override
    public void copy(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
        y.put(yAt, x, xAt, 4 * n);
    }

    @Override
    public void scale(float alpha, ByteBuffer x, int xAt, int n) {
        for (int i = 0; i < 4 * n; i += 4) {
            x.putFloat(xAt + i, alpha * x.getFloat(xAt + i));
        }
    }

    @Override
    public void axpy(float alpha, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
        for (int i = 0; i < 4 * n; i += 4) {
            y.putFloat(yAt + i, alpha * x.getFloat(xAt + i) + y.getFloat(yAt + i));
        }
    }

    @Override
    public float dot(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
        double sum = 0;
        for (int i = 0; i < 4 * n; i += 4) {
            sum += (double) x.getFloat(xAt + i) * y.getFloat(yAt + i);
        }
        return (float) sum;
    }

    @Override
    public double sumOfSquares(ByteBuffer x, int xAt, int n) {
        double sum = 0;
        for (int i = 0; i < 4 * n; i += 4) {
            double value = x.getFloat(xAt + i);
            sum += value * value;
        }
        return sum;
    }

    @Override
    public float max(ByteBuffer x, int xAt, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < 4 * n; i += 4) {
            float value = x.getFloat(xAt + i);
            max = value > max ? value : max;
        }
        return max;
    }

    @Override
    public void scaleByGain(
            float factor, ByteBuffer x, int xAt, ByteBuffer gain, int gainAt, ByteBuffer y, int yAt, int n) {
        for (int i = 0; i < 4 * n; i += 4) {
            y.putFloat(yAt + i, factor * x.getFloat(xAt + i) * gain.getFloat(gainAt + i));
        }
    }

    @Override
    public float dot3(ByteBuffer a, int aAt, ByteBuffer b, int bAt, ByteBuffer c, int cAt, int n) {
        double sum = 0;
        for (int i = 0; i < 4 * n; i += 4) {
            sum += (double) (a.getFloat(aAt + i) * b.getFloat(bAt + i)) * c.getFloat(cAt + i);
        }
        return (float) sum;
    }

    @Override
    public void addProduct(float factor, ByteBuffer x, int xAt, ByteBuffer y, int yAt, ByteBuffer z, int zAt, int n) {
        for (int i = 0; i < 4 * n; i += 4) {
            z.putFloat(zAt + i, factor * x.getFloat(xAt + i) * y.getFloat(yAt + i) + z.getFloat(zAt + i));
        }
    }

    @Override
    public void rotate(
            ByteBuffer x, int firstAt, int secondAt, ByteBuffer cos, int cosAt, ByteBuffer sin, int sinAt, int n) {
        for (int i = 0; i < 4 * n; i += 4) {
            rotateOne(x, firstAt + i, secondAt + i, cos.getFloat(cosAt + i), sin.getFloat(sinAt + i));
        }
    }

    @Override
    public void rotateBack(
            ByteBuffer x, int firstAt, int secondAt, ByteBuffer cos, int cosAt, ByteBuffer sin, int sinAt, int n) {
        for (int i = 0; i < 4 * n; i += 4) {
            rotateOne(x, firstAt + i, secondAt + i, cos.getFloat(cosAt + i), -sin.getFloat(sinAt + i));
        }
    }

    static void rotateOne(ByteBuffer x, int firstAt, int secondAt, float cos, float sin) {
        float first = x.getFloat(firstAt);
        float second = x.getFloat(secondAt);
        x.putFloat(firstAt, first * cos - second * sin);
        x.putFloat(secondAt, second * cos + first * sin);
    }

    @Override
    public double expAndSum(float factor, float shift, ByteBuffer x, int xAt, int n) {
        double sum = 0;
        for (int i = 0; i < 4 * n; i += 4) {
            float value = exp(factor * x.getFloat(xAt + i) - shift);
            x.putFloat(xAt + i, value);
            sum += value;
        }
        return sum;
    }

    @Override
    public void softmaxBackward(
            float factor, float logSumExp, float dot, ByteBuffer p, int pAt, ByteBuffer dP, int dPAt, int n) {
        for (int i = 0; i < 4 * n; i += 4) {
            float value = exp(factor * p.getFloat(pAt + i) - logSumExp);
            p.putFloat(pAt + i, value);
            dP.putFloat(dPAt + i, factor * value * (dP.getFloat(dPAt + i) - dot));
        }
    }

    @Override
    public void swiGlu(ByteBuffer gate, int gateAt, ByteBuffer up, int upAt, ByteBuffer out, int outAt, int n) {
        for (int i = 0; i < 4 * n; i += 4) {
            float g = gate.getFloat(gateAt + i);
            out.putFloat(outAt + i, g * sigmoid(g) * up.getFloat(upAt + i));
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
        for (int i = 0; i < 4 * n; i += 4) {
            float d = dOut.getFloat(dOutAt + i);
            float g = gate.getFloat(gateAt + i);
            float u = up.getFloat(upAt + i);
            float sigmoid = sigmoid(g);
            float silu = g * sigmoid;
            dUp.putFloat(dUpAt + i, d * silu);
            dGate.putFloat(dGateAt + i, d * u * (sigmoid + silu * (1 - sigmoid)));
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
        for (int i = 0; i < 4 * n; i += 4) {
            float gradient = f.gradientScale() * g.getFloat(gAt + i);
            float moment1 = f.beta1() * m.getFloat(mAt + i) + f.oneMinusBeta1() * gradient;
            float moment2 = f.beta2() * v.getFloat(vAt + i) + f.oneMinusBeta2() * gradient * gradient;
            float root = (float) Math.sqrt(moment2) * f.inverseRootOfCorrection2() + f.epsilon();
            m.putFloat(mAt + i, moment1);
            v.putFloat(vAt + i, moment2);
            w.putFloat(wAt + i, f.decay() * w.getFloat(wAt + i) - f.stepSize() * moment1 / root);
        }
    }
}
