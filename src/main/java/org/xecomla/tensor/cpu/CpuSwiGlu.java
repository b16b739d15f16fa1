package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.runIndex;
import static org.xecomla.tensor.cpu.HostRows.runWindow;

import org.xecomla.tensor.SwiGlu;
import org.xecomla.tensor.Tensor;

/** {@link SwiGlu} in runs of adjacent elements. */
final class CpuSwiGlu implements SwiGlu {
    private final HostRows rows;
    private final RowMath math;

    CpuSwiGlu(HostRows rows, RowMath math) {
        this.rows = rows;
        this.math = math;
    }

    @Override
    public void forward(Tensor gate, Tensor up, Tensor out) {
        rows.eachRun(
                HostRows.DEAR,
                (part, p, n) -> math.swiGlu(
                        runWindow(gate, p),
                        runIndex(gate, p),
                        runWindow(up, p),
                        runIndex(up, p),
                        runWindow(out, p),
                        runIndex(out, p),
                        n),
                gate,
                up,
                out);
    }

    @Override
    public void backward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp) {
        rows.eachRun(
                HostRows.DEAR,
                (part, p, n) -> math.swiGluBackward(
                        runWindow(dOut, p),
                        runIndex(dOut, p),
                        runWindow(gate, p),
                        runIndex(gate, p),
                        runWindow(up, p),
                        runIndex(up, p),
                        runWindow(dGate, p),
                        runIndex(dGate, p),
                        runWindow(dUp, p),
                        runIndex(dUp, p),
                        n),
                dOut,
                gate,
                up,
                dGate,
                dUp);
    }
}
