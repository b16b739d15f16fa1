package org.xecomla.averaging;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.HostStorage;

/**
 * Consecutive elements of a segment as bytes in host memory, for sockets: a window of the segment itself where it lies
 * in host memory, else a copy that {@link #store()} writes back.
 */
public final class HostChunk {
    /** As many elements at once as a copy of a segment in a device's memory should have. */
    static final int ELEMENTS = 1 << 18;

    private final Tensor elements; // (1, n)
    private final ByteBuffer bytes;

    private HostChunk(Tensor elements, ByteBuffer bytes) {
        this.elements = elements;
        this.bytes = bytes;
    }

    /** Elements {@code from} (inclusive) to {@code to} (exclusive) of {@code segment} (1, length). */
    public static HostChunk of(Tensor segment, int from, int to) {
        Tensor elements = segment.cols(from, to); // (1, n)
        if (elements.storage() instanceof HostStorage storage) {
            return new HostChunk(elements, storage.window(elements.offset(), elements.length()));
        }
        ByteBuffer copy = ByteBuffer.allocateDirect(
                        elements.cols() * elements.type().width())
                .order(ByteOrder.nativeOrder());
        if (elements.type() == ElementType.DOUBLE) {
            copy.asDoubleBuffer().put(elements.toDoubles());
        } else {
            copy.asFloatBuffer().put(elements.toFloats());
        }
        return new HostChunk(elements, copy);
    }

    /** The elements' bytes in native order, from the first to the last. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Makes what {@link #bytes()} now hold the segment's elements. */
    public void store() {
        if (elements.storage() instanceof HostStorage) {
            return;
        }
        if (elements.type() == ElementType.DOUBLE) {
            double[] values = new double[elements.cols()];
            bytes.rewind().order(ByteOrder.nativeOrder()).asDoubleBuffer().get(values);
            elements.write(values);
        } else {
            float[] values = new float[elements.cols()];
            bytes.rewind().order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
            elements.write(values, 0);
        }
    }

    /** Multiplies every element by {@code factor}. */
    public void scale(double factor) {
        if (elements.type() == ElementType.DOUBLE) {
            DoubleBuffer mine = bytes.asDoubleBuffer();
            for (int i = 0; i < mine.limit(); i++) {
                mine.put(i, mine.get(i) * factor);
            }
        } else {
            FloatBuffer mine = bytes.asFloatBuffer();
            float f = (float) factor;
            for (int i = 0; i < mine.limit(); i++) {
                mine.put(i, mine.get(i) * f);
            }
        }
        store();
    }

    /** Adds {@code others}, as many elements of the same type in native order. */
    public void add(ByteBuffer others) {
        if (elements.type() == ElementType.DOUBLE) {
            DoubleBuffer mine = bytes.asDoubleBuffer();
            DoubleBuffer its = others.asDoubleBuffer();
            for (int i = 0; i < mine.limit(); i++) {
                mine.put(i, its.get(i) + mine.get(i));
            }
        } else {
            FloatBuffer mine = bytes.asFloatBuffer();
            FloatBuffer its = others.asFloatBuffer();
            for (int i = 0; i < mine.limit(); i++) {
                mine.put(i, its.get(i) + mine.get(i));
            }
        }
        store();
    }
}
