package org.xecomla.tensor;

/** What one number of a tensor is: the types that are computed with, whoever holds the memory. */
public enum ElementType {
    FLOAT(Float.BYTES),
    DOUBLE(Double.BYTES);

    private final int width;

    ElementType(int width) {
        this.width = width;
    }

    /** Bytes of one element. */
    public int width() {
        return width;
    }
}
