package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.Vectors.all;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * exp(x) = 2^k exp(r) with k = round(x / ln 2), |r| at most ln(2) / 2: Cephes' expf with fused multiply-adds, error
 * below 2 units in the last place.
 */
final class Exp {
    private static final float LOWEST = -86.5f; // below, the result would not be normal; there it stays at 2.7e-38
    private static final float HIGHEST = 88f; // above, it would overflow; there it stays at 1.6e38
    private static final float INVERSE_LN2 = 1.44269504088896341f;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    private static final float ROUNDER = 12582912f; // 1.5 * 2^23: leaves the rounded integer in the lowest bits
    private static final float C0 = 1.9875691500e-4f;
    private static final float C1 = 1.3981999507e-3f;
    private static final float C2 = 8.3334519073e-3f;
    private static final float C3 = 4.1665795894e-2f;
    private static final float C4 = 1.6666665459e-1f;
    private static final float C5 = 5.0000001201e-1f;

    private Exp() {}

    /** As {@link InVectors#of}, bit for bit: a result does not depend on where a row's rest begins. */
    static float of(float x) {
        float low = x < LOWEST ? LOWEST : x;
        float clamped = low > HIGHEST ? HIGHEST : low;
        float rounded = Math.fma(clamped, INVERSE_LN2, ROUNDER);
        float k = rounded - ROUNDER;
        float r = Math.fma(k, -LN2_LOW, Math.fma(k, -LN2_HIGH, clamped));
        float p = Math.fma(C0, r, C1);
        p = Math.fma(p, r, C2);
        p = Math.fma(p, r, C3);
        p = Math.fma(p, r, C4);
        p = Math.fma(p, r, C5);
        float mantissa = Math.fma(p, r * r, r) + 1f;
        return Float.intBitsToFloat(Float.floatToRawIntBits(mantissa) + (Float.floatToRawIntBits(rounded) << 23));
    }

    /** 1 / (1 + exp(-x)). */
    static float sigmoid(float x) {
        return 1f / (of(-x) + 1f);
    }

    /** The same, lane by lane. */
    static final class InVectors {
        private InVectors() {}

        static FloatVector of(FloatVector x) {
            FloatVector low = x.blend(LOWEST, x.compare(VectorOperators.LT, LOWEST));
            FloatVector clamped = low.blend(HIGHEST, low.compare(VectorOperators.GT, HIGHEST));
            FloatVector rounder = all(ROUNDER);
            FloatVector rounded = clamped.fma(all(INVERSE_LN2), rounder);
            FloatVector k = rounded.sub(rounder);
            FloatVector r = k.fma(all(-LN2_LOW), k.fma(all(-LN2_HIGH), clamped));
            FloatVector p = all(C0);
            p = p.fma(r, all(C1));
            p = p.fma(r, all(C2));
            p = p.fma(r, all(C3));
            p = p.fma(r, all(C4));
            p = p.fma(r, all(C5));
            FloatVector mantissa = p.fma(r.mul(r), r).add(1f);
            return mantissa.reinterpretAsInts()
                    .add(rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats();
        }

        static FloatVector sigmoid(FloatVector x) {
            FloatVector one = all(1f);
            return one.div(of(x.neg()).add(one));
        }
    }
}
