package org.xecomla.tensor.torch;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.HostStorage;

/**
 * The project's tensors as libtorch's: views of the same memory. Legend: N rows, H heads of W columns, B sequences of T
 * rows.
 */
final class TorchViews {
    /** Bytes that another pointer owns. */
    private static final class Address extends Pointer {
        Address(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }

    private final ScalarType type;
    private final int numThreads;
    private final TensorOptions options;
    private final TensorOptions doubles;
    private final TensorOptions ints;
    private Thread prepared;

    TorchViews(ElementType type, int numThreads) {
        this.type = type == ElementType.DOUBLE ? ScalarType.Double : ScalarType.Float;
        this.numThreads = numThreads;
        this.options = options(this.type);
        this.doubles = options(ScalarType.Double);
        this.ints = options(ScalarType.Int);
    }

    private static TensorOptions options(ScalarType type) {
        return new TensorOptions().dtype(new ScalarTypeOptional(type));
    }

    /** Begins an operation on the calling thread, which libtorch keeps its number of threads for. */
    TorchScope open() {
        if (prepared != Thread.currentThread()) {
            torch.set_num_threads(numThreads);
            prepared = Thread.currentThread();
        }
        return new TorchScope();
    }

    ScalarType type() {
        return type;
    }

    TensorOptions options() {
        return options;
    }

    static Scalar scalar(double value) {
        return new Scalar(value);
    }

    /** (N, D). */
    org.bytedeco.pytorch.Tensor matrix(Tensor t) {
        return strided(t, t.offset(), new long[] {t.rows(), t.cols()}, t.stride(), 1);
    }

    /** (N, H, W); heads that are shared have stride 0. */
    org.bytedeco.pytorch.Tensor heads(HeadView x) {
        Tensor t = x.tensor();
        long[] sizes = {t.rows(), x.numHeads(), x.width()};
        return strided(t, t.offset() + x.offset(), sizes, t.stride(), x.headStride(), 1);
    }

    /** Heads by groups: (N, G, H/G, W). */
    org.bytedeco.pytorch.Tensor groups(HeadView x, int numGroups) {
        Tensor t = x.tensor();
        int members = x.numHeads() / numGroups;
        long[] sizes = {t.rows(), numGroups, members, x.width()};
        long groupStride = (long) members * x.headStride();
        return strided(t, t.offset() + x.offset(), sizes, t.stride(), groupStride, x.headStride(), 1);
    }

    /** (B, H, T, W). */
    org.bytedeco.pytorch.Tensor sequences(HeadView x, int numSequences) {
        Tensor t = x.tensor();
        int length = t.rows() / numSequences;
        long[] sizes = {numSequences, x.numHeads(), length, x.width()};
        return strided(t, t.offset() + x.offset(), sizes, (long) length * t.stride(), x.headStride(), t.stride(), 1);
    }

    private org.bytedeco.pytorch.Tensor strided(Tensor t, long offset, long[] sizes, long... strides) {
        return torch.from_blob(new Address(HostStorage.of(t).address(offset)), sizes, strides, options);
    }

    /** A copy of numbers of the heap, in the type that is computed with. */
    org.bytedeco.pytorch.Tensor of(double[] values, long... sizes) {
        return torch.from_blob(new DoublePointer(values), sizes, doubles).to(type);
    }

    /** A copy of ids of the heap, as libtorch's indices. */
    org.bytedeco.pytorch.Tensor ids(int[] values, long... sizes) {
        return torch.from_blob(new IntPointer(values), sizes, ints).to(ScalarType.Long);
    }

    /** (N). */
    org.bytedeco.pytorch.Tensor ids(Indices values) {
        return ids(values.toArray(), values.length());
    }

    /** Copies the first {@code count} elements, row-major, to the heap. */
    static void read(org.bytedeco.pytorch.Tensor from, double[] target, int count) {
        from.to(ScalarType.Double).contiguous().data_ptr_double().get(target, 0, count);
    }

    static org.bytedeco.pytorch.Tensor sum(org.bytedeco.pytorch.Tensor x, long... dimensions) {
        return x.sum(dimensions, true, new ScalarTypeOptional());
    }

    static org.bytedeco.pytorch.Tensor mean(org.bytedeco.pytorch.Tensor x, long... dimensions) {
        return x.mean(dimensions, true, new ScalarTypeOptional());
    }
}
