package org.xecomla.safetensors;

/** Whole numbers of fixtures. */
public final class Integers {
    private Integers() {}

    /** A whole tensor of integers. */
    public static int[] of(SafetensorsFile file, String name) {
        double[] values = file.readDoubles(name);
        int[] out = new int[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (int) values[i];
        }
        return out;
    }
}
