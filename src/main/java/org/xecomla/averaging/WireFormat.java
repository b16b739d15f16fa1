package org.xecomla.averaging;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import org.xecomla.config.AveragingConfig;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;

/** How elements travel between replicas. Both sides of a connection use the same one. */
public enum WireFormat {
    /** As they are in memory. */
    NATIVE,
    /**
     * float32 rounded to bfloat16, to nearest, ties to even: half the bytes. Sums are made in float32 and rounded again
     * for every hop. Other types travel as they are.
     */
    BF16;

    public static WireFormat of(AveragingConfig.Precision precision) {
        return precision == AveragingConfig.Precision.BF16 ? BF16 : NATIVE;
    }

    /** Bytes of an element of {@code type} on its way. */
    public int width(ElementType type) {
        return shortens(type) ? Short.BYTES : type.width();
    }

    /** Bytes of all elements of {@code tensors} on their way. */
    public long numBytes(List<Tensor> tensors) {
        return tensors.stream().mapToLong(x -> x.length() * width(x.type())).sum();
    }

    /** Whether elements of {@code type} lose anything on their way. */
    public boolean shortens(ElementType type) {
        return this == BF16 && type == ElementType.FLOAT;
    }

    /** The floats of {@code values} as bfloat16 into {@code out}, which is ready to be read then. */
    public static ByteBuffer encode(ByteBuffer values, ByteBuffer out) {
        FloatBuffer from = floats(values);
        ShortBuffer to = out.clear()
                .limit(from.remaining() * Short.BYTES)
                .order(ByteOrder.nativeOrder())
                .asShortBuffer();
        for (int i = 0; i < from.limit(); i++) {
            to.put(i, Dtype.floatToBfloat(from.get(i)));
        }
        return out;
    }

    /** The floats that {@code encoded} holds into {@code values}. */
    public static void decode(ByteBuffer encoded, ByteBuffer values) {
        ShortBuffer from = shorts(encoded);
        FloatBuffer to = floats(values);
        for (int i = 0; i < to.limit(); i++) {
            to.put(i, Float.intBitsToFloat(from.get(i) << 16));
        }
    }

    /** Adds the floats that {@code encoded} holds to {@code values}. */
    static void add(ByteBuffer encoded, ByteBuffer values) {
        ShortBuffer from = shorts(encoded);
        FloatBuffer to = floats(values);
        for (int i = 0; i < to.limit(); i++) {
            to.put(i, Float.intBitsToFloat(from.get(i) << 16) + to.get(i));
        }
    }

    private static FloatBuffer floats(ByteBuffer bytes) {
        return bytes.duplicate().order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    private static ShortBuffer shorts(ByteBuffer bytes) {
        return bytes.duplicate().order(ByteOrder.nativeOrder()).asShortBuffer();
    }
}
