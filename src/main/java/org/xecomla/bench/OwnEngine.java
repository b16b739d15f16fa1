package org.xecomla.bench;

import java.util.function.LongSupplier;
import org.xecomla.config.ComputeConfig;
import org.xecomla.estimate.MemoryEstimate;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.Nd4jMemory;

/** The engine of this project, in this process; and the rate of its own matrix product, what no step can exceed. */
public final class OwnEngine implements BenchContestant {
    private static final int PRODUCT = 2048; // rows, columns and terms of the product that the machine is measured by
    private static final int LEAST_WARM_UP_STEPS = 3;
    private static final int LIBRARIES_SECONDS = 1;

    private static final BenchShape SMALL = BenchShape.of("64,1,2,2,128,512,64,4");

    private final String name;
    private final StepBenchmark benchmark;
    private final long measuredBytes;
    private final Kernels kernels;
    private final LongSupplier clock;
    private final Tensor a = Nd4jMemory.INSTANCE.zeros(ElementType.FLOAT, PRODUCT, PRODUCT);
    private final Tensor b = Nd4jMemory.INSTANCE.zeros(ElementType.FLOAT, PRODUCT, PRODUCT);
    private final Tensor c = Nd4jMemory.INSTANCE.zeros(ElementType.FLOAT, PRODUCT, PRODUCT);

    /**
     * @param compute what {@code stepKernels} were made of
     * @param stepKernels compute the steps
     * @param productKernels compute the product, in fp32
     * @param warmUpSeconds at least, before this returns
     */
    public OwnEngine(
            String name,
            BenchShape shape,
            BenchShape.Model model,
            ComputeConfig compute,
            Kernels stepKernels,
            Kernels productKernels,
            Clock clock,
            int warmUpSeconds) {
        this.name = name;
        this.clock = clock.nanos();
        this.kernels = productKernels;
        try (StepBenchmark small = new StepBenchmark(SMALL, model, compute, stepKernels)) {
            runFor(LIBRARIES_SECONDS, small::trainingStep); // so that libraries and compiled code are not counted
        }
        long before = ProcessMemory.bytesOutsideHeap();
        this.benchmark = new StepBenchmark(shape, model, compute, stepKernels);
        runFor(0, benchmark::trainingStep);
        this.measuredBytes = ProcessMemory.bytesOutsideHeap() - before;
        productKernels.elementwise().fill(a, 1);
        productKernels.elementwise().fill(b, 1);
        runFor(warmUpSeconds, () -> {
            benchmark.trainingStep();
            benchmark.forward();
        });
    }

    private static void runFor(int seconds, Runnable work) {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        for (int i = 0; i < LEAST_WARM_UP_STEPS || System.nanoTime() < end; i++) {
            work.run();
        }
    }

    /** What a training step should take outside the heap. */
    MemoryEstimate estimate() {
        return benchmark.estimate();
    }

    /** What the process grew by outside the heap, for the first training steps. */
    long measuredBytes() {
        return measuredBytes;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double[] millis(Work work, int count) {
        return timed(count, work == Work.STEP ? benchmark::trainingStep : benchmark::forward);
    }

    /** Floating-point operations a second of the median of {@code count} large products in fp32. */
    double productFlops(int count) {
        double millis = BenchReport.median(timed(count, () -> kernels.gemm().multiply(false, false, 1, a, b, 0, c)));
        return 2.0 * PRODUCT * PRODUCT * PRODUCT / (millis / 1e3);
    }

    private double[] timed(int count, Runnable work) {
        double[] millis = new double[count];
        for (int i = 0; i < count; i++) {
            long start = clock.getAsLong();
            work.run();
            millis[i] = (clock.getAsLong() - start) / 1e6;
        }
        return millis;
    }

    @Override
    public void close() {
        benchmark.close();
        a.storage().close();
        b.storage().close();
        c.storage().close();
    }
}
