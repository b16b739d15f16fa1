package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.runIndex;
import static org.xecomla.tensor.cpu.HostRows.runWindow;
import static org.xecomla.tensor.cpu.Vectors.STEP;
import static org.xecomla.tensor.cpu.Vectors.all;
import static org.xecomla.tensor.cpu.Vectors.load;
import static org.xecomla.tensor.cpu.Vectors.store;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.xecomla.tensor.AdamW;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Tensor;

/** {@link AdamW} in runs of adjacent elements. */
final class CpuAdamW implements AdamW {
    private final HostRows rows;
    private final Lanes lanes;

    CpuAdamW(HostRows rows, Lanes lanes) {
        this.rows = rows;
        this.lanes = lanes;
    }

    @Override
    public void step(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {
        Factors factors = Factors.of(step);
        rows.eachRun(
                HostRows.DEAR,
                (part, p, n) -> step(
                        factors,
                        runWindow(weights, p),
                        runIndex(weights, p),
                        runWindow(gradients, p),
                        runIndex(gradients, p),
                        runWindow(moments1, p),
                        runIndex(moments1, p),
                        runWindow(moments2, p),
                        runIndex(moments2, p),
                        n),
                weights,
                gradients,
                moments1,
                moments2);
    }

    /** An {@link AdamWStep} with everything worked out that is the same for all elements. */
    private record Factors(
            float gradientScale,
            float beta1,
            float oneMinusBeta1,
            float beta2,
            float oneMinusBeta2,
            float decay,
            float stepSize,
            float inverseRootOfCorrection2,
            float epsilon) {
        static Factors of(AdamWStep step) {
            double correction1 = 1 - Math.pow(step.beta1(), step.step());
            double correction2 = 1 - Math.pow(step.beta2(), step.step());
            return new Factors(
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

    /** On weights w, gradient g, moments m and v. */
    private void step(
            Factors f,
            ByteBuffer w,
            int wAt,
            ByteBuffer g,
            int gAt,
            ByteBuffer m,
            int mAt,
            ByteBuffer v,
            int vAt,
            int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.step(f, w, wAt, g, gAt, m, mAt, v, vAt, i);
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

    /** The first {@code end} bytes, which fill whole vectors. */
    private static final class InVectors {
        static void step(
                Factors f,
                ByteBuffer w,
                int wAt,
                ByteBuffer g,
                int gAt,
                ByteBuffer m,
                int mAt,
                ByteBuffer v,
                int vAt,
                int end) {
            FloatVector beta1 = all(f.beta1());
            FloatVector beta2 = all(f.beta2());
            for (int i = 0; i < end; i += STEP) {
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
        }
    }
}
