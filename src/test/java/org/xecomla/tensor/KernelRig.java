package org.xecomla.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.cpu.Lanes;

/**
 * Runs one operation on the kernels under test and on {@link NaiveKernels} in double, over the same numbers, and
 * compares.
 *
 * <p>Every operand is a strided window in a larger matrix of its own: the comparison covers the whole matrix, so that a
 * write outside the window is seen as well.
 */
final class KernelRig implements AutoCloseable {
    private static final int BORDER = 3; // columns and rows around every operand

    /** The same operand twice: a window for the kernels under test, and one in double for the oracle. */
    record Pair(Tensor testedWhole, Tensor expectedWhole, Tensor tested, Tensor expected) {}

    /** Which of a pair's tensors an operation is being given. */
    interface Side extends Function<Pair, Tensor> {
        default HeadView heads(Pair pair, int numHeads) {
            return HeadView.of(apply(pair), numHeads);
        }
    }

    final Kernels kernels;
    private final NaiveKernels oracle = new NaiveKernels(ElementType.DOUBLE);
    private final Random random = new Random(7);
    private final List<Pair> pairs = new ArrayList<>();

    KernelRig(Kernels kernels) {
        this.kernels = kernels;
    }

    /** The kernels that every test runs on; made inside the test, so that the rig can close them. */
    static Stream<Supplier<Kernels>> implementations() {
        Stream<Supplier<Kernels>> inBothTypes = Stream.of(ElementType.values())
                .map(type -> named(TestedKernels.name() + " " + type, () -> TestedKernels.inBothTypes(type)));
        return TestedKernels.areTorch() ? inBothTypes : Stream.concat(ofTheProcessor(), inBothTypes);
    }

    private static Stream<Supplier<Kernels>> ofTheProcessor() {
        return Stream.of(
                named("cpu, vectors, 1 thread", () -> new CpuKernels(1, ComputeConfig.Precision.FP32, Lanes.best())),
                named("cpu, vectors, 3 threads", () -> new CpuKernels(3, ComputeConfig.Precision.FP32, Lanes.best())),
                named("cpu, scalar, 2 threads", () -> new CpuKernels(2, ComputeConfig.Precision.FP32, Lanes.NONE)));
    }

    private static Supplier<Kernels> named(String name, Supplier<Kernels> supplier) {
        return new Supplier<>() {
            @Override
            public Kernels get() {
                return supplier.get();
            }

            @Override
            public String toString() {
                return name;
            }
        };
    }

    boolean isDouble() {
        return kernels.type() == ElementType.DOUBLE;
    }

    /** {@code forFloat}, or 1e-10 where the kernels compute in double. */
    double tolerance(double forFloat) {
        return isDouble() ? 1e-10 : forFloat;
    }

    /** A contiguous operand of normally distributed values times {@code size}. */
    Pair contiguous(int rows, int cols, double size) {
        Pair whole = whole(rows, cols, size);
        return keep(new Pair(whole.tested, whole.expected, whole.tested, whole.expected));
    }

    /** A strided operand of normally distributed values times {@code size}. */
    Pair random(int rows, int cols, double size) {
        Pair w = whole(rows + 2 * BORDER, cols + 2 * BORDER, size);
        return keep(new Pair(w.tested, w.expected, window(w.tested, rows, cols), window(w.expected, rows, cols)));
    }

    Pair random(int rows, int cols) {
        return random(rows, cols, 1);
    }

    /** A strided operand that holds NaN: for outputs that must not be read. */
    Pair nan(int rows, int cols) {
        Pair pair = random(rows, cols);
        double[] nans = new double[rows * cols];
        java.util.Arrays.fill(nans, Double.NaN);
        pair.tested.write(nans);
        pair.expected.write(nans);
        return pair;
    }

    private Pair whole(int rows, int cols, double size) {
        double[] values = new double[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (size * random.nextGaussian());
        }
        Tensor tested = Tensors.of(kernels.type(), rows, cols, values);
        Tensor expected = Tensors.of(ElementType.DOUBLE, rows, cols, values);
        return new Pair(tested, expected, tested, expected);
    }

    private static Tensor window(Tensor whole, int rows, int cols) {
        return whole.rows(BORDER, BORDER + rows).cols(BORDER, BORDER + cols);
    }

    private Pair keep(Pair pair) {
        pairs.add(pair);
        return pair;
    }

    int[] ids(int count, int bound) {
        return random.ints(count, 0, bound).toArray();
    }

    /** Runs {@code operation} once on either side. */
    void run(BiConsumer<Kernels, Side> operation) {
        operation.accept(kernels, Pair::tested);
        operation.accept(oracle, Pair::expected);
    }

    /**
     * Compares every operand made so far, all of its surroundings too, to {@code tolerance} times the largest element.
     */
    void check(double tolerance) {
        for (Pair pair : pairs) {
            checkClose(pair.expectedWhole.toDoubles(), pair.testedWhole.toDoubles(), tolerance);
        }
    }

    static void checkClose(double[] expected, double[] actual, double tolerance) {
        double largest = 0;
        for (double value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], tolerance * Math.max(largest, 1e-3), "element " + i);
        }
    }

    @Override
    public void close() {
        kernels.close();
        for (Pair pair : pairs) {
            pair.testedWhole.storage().close();
            pair.expectedWhole.storage().close();
        }
    }
}
