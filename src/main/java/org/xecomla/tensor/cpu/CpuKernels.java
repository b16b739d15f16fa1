package org.xecomla.tensor.cpu;

import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.GroupedKernels;
import org.xecomla.tensor.Memory;
import org.xecomla.tensor.cpu.bf16.Bf16Gemm;
import org.xecomla.tensor.host.HostScratch;
import org.xecomla.tensor.host.Workers;
import org.xecomla.tensor.memory.Nd4jMemory;

/**
 * The fast kernels of the processor, in FLOAT: OpenBLAS for products, the JDK's Vector API for the rest, both on the
 * tensors' own memory, split over threads of their own.
 *
 * <p>The same calls on as many threads give the same bits. One calling thread at a time.
 */
public final class CpuKernels extends GroupedKernels {
    private final Workers workers;
    private final HostScratch scratch;
    private final Bf16Gemm rounding; // null: fp32
    private final Groups groups;

    /**
     * @param numThreads the caller and {@code numThreads - 1} helpers
     * @throws IllegalStateException if ND4J's back end is not nd4j-native
     */
    public CpuKernels(int numThreads) {
        this(numThreads, ComputeConfig.Precision.FP32);
    }

    /**
     * @param precision of large products, where the processor can; bf16 rounds their operands
     */
    public CpuKernels(int numThreads, ComputeConfig.Precision precision) {
        this(numThreads, precision, Lanes.best());
    }

    public CpuKernels(int numThreads, ComputeConfig.Precision precision, Lanes lanes) {
        this.scratch = new HostScratch(numThreads);
        this.workers = new Workers(numThreads);
        this.rounding = precision == ComputeConfig.Precision.BF16 ? Bf16Gemm.ifSupported(workers) : null;
        HostRows rows = new HostRows(workers);
        RowLoops loops = new RowLoops(lanes);
        SoftmaxLoops softmax = new SoftmaxLoops(lanes);
        this.groups = new Groups(
                new CpuElementwise(workers, rows, loops),
                new CpuGemm(workers, rounding),
                new CpuBias(workers, rows, loops),
                new CpuNorm(workers, rows, loops, lanes, scratch),
                new CpuRope(rows, lanes),
                new CpuHeadCopy(rows, loops),
                new CpuHeadScale(rows, loops),
                new CpuAttention(workers, loops, softmax, scratch, rounding),
                new CpuSwiGlu(rows, lanes),
                new CpuEmbedding(workers, rows, loops),
                new CpuHead(rows, loops, softmax),
                new CpuAdamW(rows, lanes));
    }

    @Override
    public ElementType type() {
        return ElementType.FLOAT;
    }

    @Override
    public Memory memory() {
        return Nd4jMemory.INSTANCE;
    }

    @Override
    protected Groups groups() {
        return groups;
    }

    @Override
    public void close() {
        workers.close();
        if (rounding != null) {
            rounding.close();
        }
        scratch.close();
    }
}
