package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.AttentionShape;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * Kernels made of ND4J operations that every back end has, in FLOAT or DOUBLE: the way to a GPU, and the reference of
 * {@code CpuKernels}.
 *
 * <p>No operation reads device memory on the host, but for the results that the interface hands out as heap arrays.
 * Temporaries live in an ND4J workspace that each operation opens and leaves. Attention holds the probabilities (T, S)
 * of all key heads of one sequence at a time. One thread at a time.
 *
 * <p>Legend: N rows = B * T; D features; H query heads; J key heads; G = H / J; T queries, S keys of a sequence; P rope
 * width; V vocabulary.
 */
public final class Nd4jKernels implements Kernels {
    private static final WorkspaceConfiguration SCRATCH = WorkspaceConfiguration.builder()
            .initialSize(0)
            .policyLearning(LearningPolicy.FIRST_LOOP)
            .policySpill(SpillPolicy.REALLOCATE)
            .build();
    private static final int FLAT_CHUNK = 1 << 22; // elements of an optimiser's temporary

    private final DataType type;
    private final String workspaceId = "kernels-" + Integer.toHexString(System.identityHashCode(this));
    private final Nd4jAttention attention;

    public Nd4jKernels(DataType type) {
        this.type = type;
        this.attention = new Nd4jAttention(type);
    }

    @Override
    public DataType type() {
        return type;
    }

    private MemoryWorkspace scratch() {
        return Nd4j.getWorkspaceManager().getAndActivateWorkspace(SCRATCH, workspaceId);
    }

    // ---- linear algebra ----

    @Override
    public void gemm(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        if (c.length() == 0) {
            return;
        }
        try (MemoryWorkspace ws = scratch()) {
            matmul(a.array(), transposeA, b.array(), transposeB, alpha, beta, c.array());
        }
    }

    /** c = alpha op(a) op(b) + beta c over matrices or batches of matrices. */
    static void matmul(
            INDArray a, boolean transposeA, INDArray b, boolean transposeB, double alpha, double beta, INDArray c) {
        Nd4j.exec(DynamicCustomOp.builder("matmul")
                .addInputs(a, b)
                .addOutputs(c)
                .addIntegerArguments(transposeA ? 1 : 0, transposeB ? 1 : 0, 0)
                .addFloatingPointArguments(alpha, beta)
                .build());
    }

    @Override
    public void axpy(double alpha, Tensor x, Tensor y) {
        try (MemoryWorkspace ws = scratch()) {
            y.array().addi(x.array().mul(alpha));
        }
    }

    @Override
    public void scale(double alpha, Tensor x) {
        x.array().muli(alpha);
    }

    @Override
    public void scaleRows(double[] factors, Tensor x) {
        try (MemoryWorkspace ws = scratch()) {
            x.array().muliColumnVector(column(factors));
        }
    }

    private INDArray column(double[] values) {
        return Nd4j.createFromArray(values).castTo(type).reshape(values.length, 1); // (N, 1)
    }

    @Override
    public void fill(Tensor x, double value) {
        x.array().assign(value);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        y.array().assign(x.array());
    }

    @Override
    public double sumOfSquares(Tensor x) {
        double sum = 0;
        for (int r = 0; r < x.rows(); r += rowsPerChunk(x)) {
            Tensor rows = x.rows(r, Math.min(x.rows(), r + rowsPerChunk(x)));
            for (int c = 0; c < x.cols(); c += FLAT_CHUNK) {
                try (MemoryWorkspace ws = scratch()) {
                    INDArray chunk = rows.cols(c, Math.min(x.cols(), c + FLAT_CHUNK))
                            .array()
                            .castTo(DataType.DOUBLE);
                    sum += chunk.mul(chunk).sumNumber().doubleValue();
                }
            }
        }
        return sum;
    }

    private static int rowsPerChunk(Tensor x) {
        return Math.max(1, FLAT_CHUNK / Math.max(1, x.cols()));
    }

    // ---- normalisation ----

    @Override
    public void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {
        try (MemoryWorkspace ws = scratch()) {
            INDArray in = x.array(); // (N, D)
            INDArray rms = Transforms.sqrt(in.mul(in).mean(true, 1).addi(epsilon), false); // (N, 1)
            inverseRms.array().assign(rms.rdivi(1)); // (N, 1)
            y.array().assign(in.mulColumnVector(rms).muliRowVector(gain.array())); // (N, D)
        }
    }

    @Override
    public void rmsNormBackward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
        try (MemoryWorkspace ws = scratch()) {
            INDArray inverse = inverseRms.array().dup('c'); // (N, 1)
            INDArray normed = x.array().mulColumnVector(inverse); // (N, D)
            if (dGain != null) {
                // forward was: y = normed * gain
                dGain.array().addi(normed.mul(dY.array()).sum(true, 0)); // (1, D)
            }
            // forward was: normed = x / rms(x)
            INDArray dNormed = dY.array().mulRowVector(gain.array()); // (N, D)
            INDArray projection = dNormed.mul(normed).mean(true, 1); // (N, 1)
            dNormed.subi(normed.muliColumnVector(projection)).muliColumnVector(inverse); // (N, D)
            dX.array().addi(dNormed);
        }
    }

    // ---- attention ----

    @Override
    public void rope(HeadView x, Tensor cos, Tensor sin, int[] positions, boolean inverse) {
        try (MemoryWorkspace ws = scratch()) {
            INDArray c = rows(cos, positions).reshape(positions.length, 1, cos.cols()); // (N, 1, P/2)
            INDArray s = rows(sin, positions).reshape(positions.length, 1, sin.cols()); // (N, 1, P/2)
            rotate(x, c, inverse ? s.negi() : s);
        }
    }

    private static void rotate(HeadView x, INDArray cos, INDArray sin) {
        int half = x.width() / 2;
        INDArray first = Nd4jHeads.rowsFirst(x.part(0, half)); // (N, H, P/2)
        INDArray second = Nd4jHeads.rowsFirst(x.part(half, 2 * half)); // (N, H, P/2)
        INDArray turnedFirst = first.mul(cos).subi(second.mul(sin)); // (N, H, P/2)
        second.assign(second.mul(cos).addi(first.mul(sin)));
        first.assign(turnedFirst);
    }

    @Override
    public void copyHeads(HeadView source, HeadView target) {
        if (source.headStride() != 0) {
            Nd4jHeads.rowsFirst(target).assign(Nd4jHeads.rowsFirst(source)); // (N, H, W)
            return;
        }
        for (int h = 0; h < target.numHeads(); h++) {
            target.head(h).array().assign(source.head(h).array()); // (N, W)
        }
    }

    @Override
    public void addHeads(HeadView source, HeadView target) {
        try (MemoryWorkspace ws = scratch()) {
            INDArray heads = Nd4jHeads.rowsFirst(source); // (N, H, W)
            if (target.headStride() != 0) {
                Nd4jHeads.rowsFirst(target).addi(heads);
            } else {
                target.head(0).array().addi(heads.sum(1)); // (N, W)
            }
        }
    }

    @Override
    public void attention(HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, AttentionShape shape) {
        for (int b = 0; b < shape.numSequences(); b++) {
            for (int g = 0; g < q.numHeads() / k.numHeads(); g++) {
                try (MemoryWorkspace ws = scratch()) {
                    attention.forward(new Nd4jAttention.Part(shape, b, g), q, k, v, out, logSumExp);
                }
            }
        }
    }

    @Override
    public void attentionBackward(
            HeadView dOut,
            HeadView q,
            HeadView k,
            HeadView v,
            HeadView out,
            Tensor logSumExp,
            AttentionShape shape,
            HeadView dQ,
            HeadView dK,
            HeadView dV) {
        for (int b = 0; b < shape.numSequences(); b++) {
            for (int g = 0; g < q.numHeads() / k.numHeads(); g++) {
                try (MemoryWorkspace ws = scratch()) {
                    attention.backward(new Nd4jAttention.Part(shape, b, g), dOut, q, k, v, out, logSumExp, dQ, dK, dV);
                }
            }
        }
    }

    // ---- feed-forward ----

    @Override
    public void swiGlu(Tensor gate, Tensor up, Tensor out) {
        try (MemoryWorkspace ws = scratch()) {
            INDArray g = gate.array(); // (N, F)
            out.array().assign(Transforms.sigmoid(g, true).muli(g).muli(up.array()));
        }
    }

    @Override
    public void swiGluBackward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp) {
        try (MemoryWorkspace ws = scratch()) {
            INDArray d = dOut.array(); // (N, F)
            INDArray g = gate.array(); // (N, F)
            INDArray sigmoid = Transforms.sigmoid(g, true); // (N, F)
            INDArray silu = sigmoid.mul(g); // (N, F)
            // forward was: silu = gate * sigmoid(gate)
            INDArray slope = sigmoid.rsub(1).muli(silu).addi(sigmoid); // (N, F)
            // forward was: out = silu * up
            INDArray gradientOfGate = slope.muli(up.array()).muli(d); // (N, F)
            dUp.array().assign(silu.muli(d));
            dGate.array().assign(gradientOfGate);
        }
    }

    // ---- embedding ----

    @Override
    public void gatherRows(Tensor table, int[] ids, Tensor out) {
        try (MemoryWorkspace ws = scratch()) {
            out.array().assign(rows(table, ids)); // (N, D)
        }
    }

    /** Row {@code numbers[n]} of the table in row n: (N, D). */
    private static INDArray rows(Tensor table, int[] numbers) {
        return Nd4j.exec(DynamicCustomOp.builder("gather")
                .addInputs(table.array(), Nd4j.createFromArray(numbers))
                .addIntegerArguments(0)
                .build())[0];
    }

    @Override
    public void scatterAddRows(Tensor dOut, int[] ids, Tensor dTable) {
        try (MemoryWorkspace ws = scratch()) {
            scatterAdd("scatter_add", dTable.array(), Nd4j.createFromArray(ids), dOut.array());
        }
    }

    /** target[indices] += values, in place. The flag makes repeated indices add up one after the other. */
    private static void scatterAdd(String operation, INDArray target, INDArray indices, INDArray values) {
        Nd4j.exec(DynamicCustomOp.builder(operation)
                .addInputs(target, indices, values)
                .addOutputs(target)
                .addBooleanArguments(true)
                .build());
    }

    // ---- head and loss ----

    @Override
    public void softmaxRows(Tensor x, double beta, double[] logSumExp) {
        try (MemoryWorkspace ws = scratch()) {
            INDArray in = x.array().muli(beta); // (N, V)
            INDArray max = in.max(true, 1); // (N, 1)
            in.subiColumnVector(max);
            Transforms.exp(in, false);
            INDArray sum = in.sum(true, 1); // (N, 1)
            in.diviColumnVector(sum);
            double[] values = Transforms.log(sum, true).addi(max).data().asDouble(); // (N)
            System.arraycopy(values, 0, logSumExp, 0, x.rows());
        }
    }

    @Override
    public void gatherColumns(Tensor x, int[] ids, double[] values) {
        try (MemoryWorkspace ws = scratch()) {
            INDArray read = Nd4j.exec(DynamicCustomOp.builder("gather_nd")
                    .addInputs(x.array(), pairs(ids, ids.length / x.rows(), ids.length))
                    .build())[0]; // (N * k)
            double[] all = read.data().asDouble();
            for (int i = 0; i < ids.length; i++) {
                values[i] = ids[i] < 0 ? 0 : all[i];
            }
        }
    }

    @Override
    public void scatterAddColumns(double[] values, int[] ids, Tensor x) {
        try (MemoryWorkspace ws = scratch()) {
            double[] added = values.clone();
            for (int i = 0; i < ids.length; i++) {
                added[i] = ids[i] < 0 ? 0 : values[i];
            }
            INDArray indices = pairs(ids, ids.length / x.rows(), ids.length); // (N * k, 2)
            INDArray updates = Nd4j.createFromArray(added).castTo(type); // (N * k)
            scatterAdd("scatter_nd_add", x.array(), indices, updates);
        }
    }

    /** (row, column) of every id; column 0 stands for a negative id. */
    private static INDArray pairs(int[] ids, int perRow, int count) {
        int[] pairs = new int[2 * count];
        for (int i = 0; i < count; i++) {
            pairs[2 * i] = i / perRow;
            pairs[2 * i + 1] = Math.max(0, ids[i]);
        }
        return Nd4j.createFromArray(pairs).reshape(count, 2);
    }

    // ---- optimiser ----

    @Override
    public void adamW(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {
        for (int from = 0; from < weights.cols(); from += FLAT_CHUNK) {
            int to = Math.min(weights.cols(), from + FLAT_CHUNK);
            try (MemoryWorkspace ws = scratch()) {
                adamWChunk(
                        step,
                        weights.cols(from, to).array(),
                        gradients.cols(from, to).array(),
                        moments1.cols(from, to).array(),
                        moments2.cols(from, to).array());
            }
        }
    }

    private static void adamWChunk(AdamWStep step, INDArray w, INDArray g, INDArray m, INDArray v) {
        double correction1 = 1 - Math.pow(step.beta1(), step.step());
        double correction2 = 1 - Math.pow(step.beta2(), step.step());
        INDArray gradient = g.mul(step.gradientScale()); // (1, n)
        m.muli(step.beta1()).addi(gradient.mul(1 - step.beta1()));
        v.muli(step.beta2()).addi(gradient.muli(gradient).muli(1 - step.beta2()));
        INDArray root = Transforms.sqrt(v.div(correction2), false).addi(step.epsilon()); // (1, n)
        w.muli(1 - step.learningRate() * step.weightDecay());
        w.subi(m.div(root).muli(step.learningRate() / correction1));
    }

    /** Frees this thread's temporaries. */
    @Override
    public void close() {
        if (Nd4j.getWorkspaceManager().checkIfWorkspaceExists(workspaceId)) {
            Nd4j.getWorkspaceManager()
                    .destroyWorkspace(Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread(SCRATCH, workspaceId));
        }
        attention.close();
    }
}
