package org.xecomla.nn;

import java.util.List;
import java.util.function.Supplier;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.TestedKernels;
import org.xecomla.tensor.cpu.CpuKernels;

/** Kernels under test, with a name that reports can show. */
public record KernelChoice(String name, Supplier<Kernels> maker) {
    static final KernelChoice NAIVE_DOUBLE =
            new KernelChoice("naive double", () -> new NaiveKernels(ElementType.DOUBLE));
    static final KernelChoice CPU_FLOAT = new KernelChoice("cpu float", () -> new CpuKernels(2));
    static final KernelChoice FLOAT = inBothTypes(ElementType.FLOAT);
    static final KernelChoice DOUBLE = inBothTypes(ElementType.DOUBLE);

    private static KernelChoice inBothTypes(ElementType type) {
        return new KernelChoice(TestedKernels.name() + " " + type, () -> TestedKernels.inBothTypes(type));
    }

    /** Those that ship, or those of the ring. */
    public static List<KernelChoice> all() {
        return TestedKernels.areTorch() ? List.of(FLOAT, DOUBLE) : List.of(CPU_FLOAT, FLOAT, DOUBLE);
    }

    /** Those in which central differences can be taken. */
    public static List<KernelChoice> inDouble() {
        return List.of(NAIVE_DOUBLE, DOUBLE);
    }

    public Kernels make() {
        return maker.get();
    }

    @Override
    public String toString() {
        return name;
    }
}
