package org.xecomla.tensor.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
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
        Map<String, Object> groups = new HashMap<>();
        return proxy(Kernels.class, (method, arguments) -> {
            Object result = call(kernels, method, arguments);
            return method.getReturnType().isInterface()
                    ? groups.computeIfAbsent(method.getName(), name -> group(method, result))
                    : result;
        });
    }

    /** The operations that {@code accessor} handed out, measured. */
    private Object group(Method accessor, Object operations) {
        return proxy(accessor.getReturnType(), (method, arguments) -> {
            long start = clock.getAsLong();
            try {
                return call(operations, method, arguments);
            } finally {
                add(name(accessor.getName(), method.getName(), arguments), clock.getAsLong() - start);
            }
        });
    }

    /** What a proxy does with a call. */
    private interface Calls {
        Object answer(Method method, Object[] arguments) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Calls calls) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> calls.answer(method, arguments)));
    }

    private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static String name(String group, String method, Object[] arguments) {
        if (!group.equals("gemm")) {
            return group + "." + method;
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
