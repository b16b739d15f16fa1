package org.xecomla.nn;

import java.util.List;
import java.util.function.Supplier;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.nd4j.Nd4jKernels;

/** Kernels under test, with a name that reports can show. */
public record KernelChoice(String name, Supplier<Kernels> maker) {
    static final KernelChoice NAIVE_DOUBLE =
            new KernelChoice("naive double", () -> new NaiveKernels(ElementType.DOUBLE));
    static final KernelChoice CPU_FLOAT = new KernelChoice("cpu float", () -> new CpuKernels(2));
    static final KernelChoice ND4J_FLOAT = new KernelChoice("nd4j float", () -> new Nd4jKernels(ElementType.FLOAT));
    static final KernelChoice ND4J_DOUBLE = new KernelChoice("nd4j double", () -> new Nd4jKernels(ElementType.DOUBLE));

    /** Those that ship. */
    public static List<KernelChoice> all() {
        return List.of(CPU_FLOAT, ND4J_FLOAT, ND4J_DOUBLE);
    }

    /** Those in which central differences can be taken. */
    public static List<KernelChoice> inDouble() {
        return List.of(NAIVE_DOUBLE, ND4J_DOUBLE);
    }

    public Kernels make() {
        return maker.get();
    }

    @Override
    public String toString() {
        return name;
    }
}
