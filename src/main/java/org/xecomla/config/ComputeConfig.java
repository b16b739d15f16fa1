package org.xecomla.config;

import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.xecomla.errors.ConfigException;

/**
 * Section {@code compute}.
 *
 * @param threads of one replica; empty: the processors there are
 * @param precision of products
 * @param recompute what a backward computes again instead of keeping it
 * @param teacherMemoryGib for weights and activations of a teacher; empty: as much as it takes
 */
public record ComputeConfig(
        KernelChoice kernels,
        OptionalInt threads,
        Precision precision,
        Recompute recompute,
        OptionalDouble teacherMemoryGib) {
    /** Implementations of the tensor operations. */
    public enum KernelChoice {
        CPU,
        ND4J,
        TORCH
    }

    /** What the operands of matrix products are rounded to; sums, weights, gradients and moments are fp32. */
    public enum Precision {
        FP32,
        BF16
    }

    /** What a backward computes again instead of keeping it from the forward. */
    public enum Recompute {
        NONE,
        /** Every block from its input: a third more time, a block's activations instead of all blocks'. */
        BLOCKS
    }

    static ComputeConfig of(StrictConfig config) {
        return new ComputeConfig(
                config.choice("compute.kernels", KernelChoice.class),
                config.optionalInteger("compute.threads", Range.atLeast(1)),
                config.choice("compute.precision", Precision.class),
                config.choice("compute.recompute", Recompute.class),
                config.optionalNumber("compute.teacher-memory-gib", Range.above(0)));
    }

    /** Refuses a precision that the kernels do not have. */
    public void requireComputable() {
        if (kernels != KernelChoice.CPU && precision == Precision.BF16) {
            throw new ConfigException("compute.precision = bf16 needs compute.kernels = cpu, and it is "
                    + kernels.name().toLowerCase(Locale.ROOT) + ": change either");
        }
    }

    /** Bytes for weights and activations of a teacher. */
    public long teacherBytes() {
        return teacherMemoryGib.isPresent() ? (long) (teacherMemoryGib.getAsDouble() * (1L << 30)) : Long.MAX_VALUE;
    }

    /** Threads of one replica on this machine. */
    public int threadsHere() {
        return threads.orElse(Runtime.getRuntime().availableProcessors());
    }
}
