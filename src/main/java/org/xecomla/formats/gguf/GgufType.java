package org.xecomla.formats.gguf;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.xecomla.config.WeightType;
import org.xecomla.errors.ConfigException;
import org.xecomla.safetensors.Dtype;

/** Types of a GGUF file's tensors that are read and written here. Rows are whole blocks; all is little-endian. */
public enum GgufType {
    F32(0, 0, 1, 4),
    F16(1, 1, 1, 2),
    /** Blocks of 32: the scale as F16, then 32 signed bytes. */
    Q8_0(8, 7, 32, 34),
    BF16(30, 32, 1, 2);

    private static final int LARGEST_QUANT = 127;

    private final int id;
    private final int fileType;
    private final int blockElements;
    private final int blockBytes;

    GgufType(int id, int fileType, int blockElements, int blockBytes) {
        this.id = id;
        this.fileType = fileType;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** The type of matrices that a configuration asks for. */
    public static GgufType of(WeightType type) {
        return switch (type) {
            case F32 -> F32;
            case BF16 -> BF16;
            case Q8_0 -> Q8_0;
            case F16 ->
                throw new ConfigException(
                        "gguf is written as f32, bf16 or q8_0, not as f16: back ends that then compute"
                                + " in float16 may lose small latents");
        };
    }

    static Optional<GgufType> ofId(long id) {
        return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
    }

    int id() {
        return id;
    }

    /** The value of {@code general.file_type}. */
    int fileType() {
        return fileType;
    }

    /** How messages and configurations spell it. */
    String display() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether rows of {@code cols} elements are whole blocks. */
    boolean holdsRowsOf(long cols) {
        return cols % blockElements == 0;
    }

    /** Bytes of {@code numElements}, which are whole blocks. */
    long bytes(long numElements) {
        return Math.multiplyExact(numElements / blockElements, (long) blockBytes);
    }

    /** Appends a row, rounded to nearest. */
    void put(ByteBuffer out, float[] row) {
        if (this == Q8_0) {
            for (int from = 0; from < row.length; from += blockElements) {
                putBlock(out, row, from);
            }
            return;
        }
        for (float value : row) {
            switch (this) {
                case F16 -> out.putShort(Dtype.floatToHalf(value));
                case BF16 -> out.putShort(Dtype.floatToBfloat(value));
                default -> out.putFloat(value);
            }
        }
    }

    /** As ggml's reference does it: the scale takes the largest to 127, halves go away from zero. */
    private void putBlock(ByteBuffer out, float[] row, int from) {
        float largest = 0;
        for (int i = from; i < from + blockElements; i++) {
            largest = Math.max(largest, Math.abs(row[i]));
        }
        float scale = largest / LARGEST_QUANT;
        float inverse = scale == 0 ? 0 : 1 / scale;
        out.putShort(Dtype.floatToHalf(scale));
        for (int i = from; i < from + blockElements; i++) {
            float scaled = row[i] * inverse;
            out.put((byte) (scaled < 0 ? -Math.floor(0.5 - scaled) : Math.floor(scaled + 0.5)));
        }
    }

    /** Reads {@code target.length} elements. */
    void get(ByteBuffer in, float[] target) {
        if (this == Q8_0) {
            for (int i = 0; i < target.length; i++) {
                int block = i / blockElements * blockBytes;
                target[i] = Dtype.halfToFloat(in.getShort(block)) * in.get(block + 2 + i % blockElements);
            }
            return;
        }
        for (int i = 0; i < target.length; i++) {
            target[i] = switch (this) {
                case F16 -> Dtype.halfToFloat(in.getShort());
                case BF16 -> Float.intBitsToFloat(in.getShort() << 16);
                default -> in.getFloat();
            };
        }
    }
}
