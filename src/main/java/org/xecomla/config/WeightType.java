package org.xecomla.config;

/** Type of written weights: keys {@code export.dtype} and {@code pretrain.dtype}. */
public enum WeightType {
    F32(4),
    BF16(2),
    F16(2),
    /** Blocks of 32 bytes with a scale, which gguf alone has. */
    Q8_0(34.0 / 32);

    private final double bytesPerElement;

    WeightType(double bytesPerElement) {
        this.bytesPerElement = bytesPerElement;
    }

    /** What a matrix takes in a file. */
    public double bytesPerElement() {
        return bytesPerElement;
    }
}
