package org.xecomla.safetensors;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.xecomla.config.WeightType;
import org.xecomla.errors.ConfigException;

/** Element types of safetensors files, by their names there. Elements are little-endian. */
public enum Dtype {
    F64(8),
    F32(4),
    F16(2),
    BF16(2),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U64(8),
    U32(4),
    U16(2),
    U8(1),
    BOOL(1),
    F8_E4M3(1),
    F8_E4M3FNUZ(1),
    F8_E5M2(1),
    F8_E5M2FNUZ(1),
    F8_E8M0(1),
    C64(8);

    /** From here on numbers round to infinity: the largest of each type and half a step. */
    private static final double HALF_BEYOND = 65520;

    private static final double BFLOAT_BEYOND = 0x1.FFp127;
    private static final double FLOAT_BEYOND = 0x1.FFFFFFp127;

    private final int width;

    Dtype(int width) {
        this.width = width;
    }

    /** Bytes per element. */
    public int width() {
        return width;
    }

    /** Whether weights may have this type. */
    public boolean isWeight() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }

    /** The type of a name in a safetensors header. */
    public static Optional<Dtype> ofName(String name) {
        return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
    }

    /**
     * The type that a configuration asks for.
     *
     * @throws ConfigException where it is none of safetensors files
     */
    public static Dtype of(WeightType type) {
        return switch (type) {
            case F32 -> F32;
            case BF16 -> BF16;
            case F16 -> F16;
            case Q8_0 ->
                throw new ConfigException(
                        "q8_0 is a type of the format gguf alone: write f32, bf16 or f16, or choose" + " gguf");
        };
    }

    /** The types that weights may have, for messages. */
    public static List<Dtype> weights() {
        return Arrays.stream(values()).filter(Dtype::isWeight).toList();
    }

    /** The name in {@code config.json}'s {@code torch_dtype}: float32 and so on. */
    public String torchName() {
        return switch (this) {
            case F64 -> "float64";
            case F32 -> "float32";
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            default -> name().toLowerCase(Locale.ROOT);
        };
    }

    /** Reads the next element as a double; integers too. */
    double get(ByteBuffer in) {
        return switch (this) {
            case F64 -> in.getDouble();
            case F32 -> in.getFloat();
            case F16 -> halfToFloat(in.getShort());
            case BF16 -> Float.intBitsToFloat(in.getShort() << 16);
            case I64 -> in.getLong();
            case I32 -> in.getInt();
            case I16 -> in.getShort();
            case I8 -> in.get();
            case U8, BOOL -> in.get() & 0xFF;
            case U16 -> in.getShort() & 0xFFFF;
            case U32 -> in.getInt() & 0xFFFF_FFFFL;
            default -> throw new IllegalArgumentException("elements of type " + this + " cannot be read as numbers");
        };
    }

    /** Writes {@code value}, rounded to nearest, ties to even. */
    void put(ByteBuffer out, double value) {
        switch (this) {
            case F64 -> out.putDouble(value);
            case F32 -> out.putFloat((float) value);
            case F16 -> out.putShort(floatToHalf((float) value));
            case BF16 -> out.putShort(floatToBfloat((float) value));
            case I64 -> out.putLong((long) value);
            case I32 -> out.putInt((int) value);
            default -> throw new IllegalArgumentException("elements of type " + this + " are not written");
        }
    }

    /** Whether {@code value}, if it is finite, rounds to a finite number of this type. */
    boolean holds(double value) {
        double most =
                switch (this) {
                    case F16 -> HALF_BEYOND;
                    case BF16 -> BFLOAT_BEYOND;
                    case F32 -> FLOAT_BEYOND;
                    default -> Double.POSITIVE_INFINITY;
                };
        return Math.abs(value) < most || !Double.isFinite(value);
    }

    public static float halfToFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >> 10) & 0x1F;
        int mantissa = half & 0x3FF;
        if (exponent == 0x1F) {
            return Float.intBitsToFloat(sign | 0x7F80_0000 | mantissa << 13);
        }
        if (exponent == 0) {
            float magnitude = mantissa * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        return Float.intBitsToFloat(sign | (exponent + 112) << 23 | mantissa << 13);
    }

    public static short floatToHalf(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7FFF_FFFF;
        if (magnitude > 0x7F80_0000) {
            return (short) (sign | 0x7E00);
        }
        if (magnitude >= 0x4780_0000 - 0x1000) {
            return (short) (sign | 0x7C00); // beyond the largest half by half a step or more
        }
        if (magnitude < 0x3880_0000) {
            // Adding 0.5 aligns the mantissa with the half's subnormals; the float addition rounds to even.
            return (short) (sign | Float.floatToRawIntBits(Math.abs(value) + 0.5f) - 0x3F00_0000);
        }
        int rounded = magnitude + 0xFFF + (magnitude >>> 13 & 1);
        return (short) (sign | (rounded >>> 13) - (112 << 10));
    }

    /** The bits of {@code value} as bfloat16, rounded to nearest, ties to even. */
    public static short floatToBfloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7FFF_FFFF) > 0x7F80_0000) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }
}
