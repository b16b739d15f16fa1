package org.xecomla.tensor.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/** Kernels that measure how long the operations of other kernels take, by name. For the thread that calls them only. */
public final class KernelProfile {
    /** An operation and all its calls so far. */
    public record Entry(String operation, long calls, long nanos) {
        Entry plus(long more) {
            return new Entry(operation, calls + 1, nanos + more);
        }
    }

    private final LongSupplier clock;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /** @param clock in nanoseconds */
    public KernelProfile(LongSupplier clock) {
        this.clock = clock;
    }

    /** {@code kernels}, measured. */
    public Kernels of(Kernels kernels) {
        return (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, arguments) -> {
                    long start = clock.getAsLong();
                    try {
                        return method.invoke(kernels, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    } finally {
                        add(name(method.getName(), arguments), clock.getAsLong() - start);
                    }
                });
    }

    private static String name(String method, Object[] arguments) {
        if (!method.equals("gemm")) {
            return method;
        }
        Tensor a = (Tensor) arguments[3];
        Tensor c = (Tensor) arguments[6];
        boolean transposeA = (boolean) arguments[0];
        return "gemm " + (transposeA ? "t" : "n") + ((boolean) arguments[1] ? "t" : "n") + " " + c.rows() + ","
                + c.cols() + "," + (transposeA ? a.rows() : a.cols());
    }

    private void add(String operation, long nanos) {
        entries.merge(operation, new Entry(operation, 1, nanos), (old, one) -> old.plus(nanos));
    }

    /** Forgets what was measured. */
    public void clear() {
        entries.clear();
    }

    /** Operations, the longest first. */
    public List<Entry> entries() {
        List<Entry> sorted = new ArrayList<>(entries.values());
        sorted.sort(Comparator.comparingLong(Entry::nanos).reversed());
        return sorted;
    }
}
