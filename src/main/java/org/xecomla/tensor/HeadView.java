package org.xecomla.tensor;

/**
 * Columns of a (N, features) tensor seen as heads: head h of row n is columns {@code h * headStride + offset} to
 * {@code + width}. With {@code headStride} 0 all heads are the same columns: MLA's shared rope key.
 */
public record HeadView(Tensor tensor, int numHeads, int headStride, int offset, int width) {
    public HeadView {
        if (numHeads < 1 || headStride < 0 || offset < 0 || width < 0) {
            throw new IllegalArgumentException("heads " + numHeads + ", stride " + headStride + ", offset " + offset);
        }
        if ((long) (numHeads - 1) * headStride + offset + width > tensor.cols()) {
            throw new IllegalArgumentException(numHeads + " heads of " + width + " columns, stride " + headStride
                    + " from " + offset + ", do not fit " + tensor);
        }
    }

    /** All columns as heads side by side. */
    public static HeadView of(Tensor tensor, int numHeads) {
        int width = tensor.cols() / numHeads;
        return new HeadView(tensor, numHeads, width, 0, width);
    }

    /** The part {@code from} to {@code to} of every head. */
    public HeadView part(int from, int to) {
        return new HeadView(tensor, numHeads, headStride, offset + from, to - from);
    }

    /** One set of columns that all {@code numHeads} heads share. */
    public static HeadView shared(Tensor tensor, int numHeads) {
        return new HeadView(tensor, numHeads, 0, 0, tensor.cols());
    }

    /** The columns of one head (N, width), same memory. */
    public Tensor head(int head) {
        int from = head * headStride + offset;
        return tensor.cols(from, from + width);
    }
}
