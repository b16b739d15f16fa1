package org.xecomla.config;

import java.util.OptionalInt;

/**
 * Section {@code compute}.
 *
 * @param threads of one replica; empty: the processors there are
 */
public record ComputeConfig(KernelChoice kernels, OptionalInt threads) {
    /** Implementations of the tensor operations. */
    public enum KernelChoice {
        CPU,
        ND4J
    }

    static ComputeConfig of(StrictConfig config) {
        return new ComputeConfig(
                config.choice("compute.kernels", KernelChoice.class),
                config.optionalInteger("compute.threads", Range.atLeast(1)));
    }

    /** Threads of one replica on this machine. */
    public int threadsHere() {
        return threads.orElse(Runtime.getRuntime().availableProcessors());
    }
}
