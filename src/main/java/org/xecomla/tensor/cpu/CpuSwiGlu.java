package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.runIndex;
import static org.xecomla.tensor.cpu.HostRows.runWindow;
import static org.xecomla.tensor.cpu.Vectors.STEP;
import static org.xecomla.tensor.cpu.Vectors.load;
import static org.xecomla.tensor.cpu.Vectors.store;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.xecomla.tensor.SwiGlu;
import org.xecomla.tensor.Tensor;

/** {@link SwiGlu} in runs of adjacent elements. */
final class CpuSwiGlu implements SwiGlu {
    private final HostRows rows;
    private final Lanes lanes;

    CpuSwiGlu(HostRows rows, Lanes lanes) {
        this.rows = rows;
        this.lanes = lanes;
    }

    @Override
    public void forward(Tensor gate, Tensor up, Tensor out) {
        rows.eachRun(
                HostRows.DEAR,
                (part, p, n) -> forward(
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
                (part, p, n) -> backward(
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

    /** out = silu(gate) up. */
    private void forward(ByteBuffer gate, int gateAt, ByteBuffer up, int upAt, ByteBuffer out, int outAt, int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.forward(gate, gateAt, up, upAt, out, outAt, i);
        }
        for (; i < 4 * n; i += 4) {
            float g = gate.getFloat(gateAt + i);
            out.putFloat(outAt + i, Exp.sigmoid(g) * g * up.getFloat(upAt + i));
        }
    }

    /** dGate and dUp, which may be gate and up themselves. */
    private void backward(
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
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.backward(dOut, dOutAt, gate, gateAt, up, upAt, dGate, dGateAt, dUp, dUpAt, i);
        }
        for (; i < 4 * n; i += 4) {
            float d = dOut.getFloat(dOutAt + i);
            float g = gate.getFloat(gateAt + i);
            float u = up.getFloat(upAt + i);
            float sigmoid = Exp.sigmoid(g);
            float silu = g * sigmoid;
            float slope = silu - silu * sigmoid + sigmoid;
            // forward was: out = silu(gate) up
            dUp.putFloat(dUpAt + i, d * silu);
            dGate.putFloat(dGateAt + i, d * u * slope);
        }
    }

    /** The first {@code end} bytes, which fill whole vectors. */
    private static final class InVectors {
        static void forward(ByteBuffer gate, int gateAt, ByteBuffer up, int upAt, ByteBuffer out, int outAt, int end) {
            for (int i = 0; i < end; i += STEP) {
                FloatVector g = load(gate, gateAt + i);
                store(Exp.InVectors.sigmoid(g).mul(g).mul(load(up, upAt + i)), out, outAt + i);
            }
        }

        static void backward(
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
                int end) {
            for (int i = 0; i < end; i += STEP) {
                FloatVector d = load(dOut, dOutAt + i);
                FloatVector g = load(gate, gateAt + i);
                FloatVector u = load(up, upAt + i);
                FloatVector sigmoid = Exp.InVectors.sigmoid(g);
                FloatVector silu = g.mul(sigmoid);
                FloatVector slope = silu.sub(silu.mul(sigmoid)).add(sigmoid);
                store(d.mul(silu), dUp, dUpAt + i);
                store(d.mul(u).mul(slope), dGate, dGateAt + i);
            }
        }
    }
}
