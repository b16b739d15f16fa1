package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.runIndex;
import static org.xecomla.tensor.cpu.HostRows.runWindow;

import org.xecomla.tensor.AdamW;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Tensor;

/** {@link AdamW} in runs of adjacent elements. */
final class CpuAdamW implements AdamW {
    private final HostRows rows;
    private final RowMath math;

    CpuAdamW(HostRows rows, RowMath math) {
        this.rows = rows;
        this.math = math;
    }

    @Override
    public void step(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {
        RowMath.AdamWFactors factors = RowMath.AdamWFactors.of(step);
        rows.eachRun(
                HostRows.DEAR,
                (part, p, n) -> math.adamW(
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
}
