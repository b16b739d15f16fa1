package org.xecomla.formats.checkpoint;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.files.RandomReader;
import org.xecomla.safetensors.SafetensorsFile;

/**
 * Where a parameter is stored: a tensor or some of its rows, and what its values are multiplied by as they are read.
 *
 * @param file that holds the tensor
 * @param entry the tensor, by its name in the file
 * @param first element of the tensor that is the parameter's first
 * @param shape of the parameter: the tensor's, but for the number of rows
 * @param factor on the stored values; 1: they count as they are
 */
public record StoredWeight(
        SafetensorsFile file, SafetensorsFile.Entry entry, long first, List<Long> shape, double factor) {
    public StoredWeight {
        shape = List.copyOf(shape);
    }

    /** A whole tensor as it is. */
    StoredWeight(SafetensorsFile file, SafetensorsFile.Entry entry) {
        this(file, entry, 0, entry.shape(), 1);
    }

    /** Rows {@code from} to {@code to} of a parameter that has any; elements, of a vector. */
    public StoredWeight rows(long from, long to) {
        List<Long> part = new ArrayList<>(shape);
        part.set(0, to - from);
        long rowLength = numElements() / shape.get(0);
        return new StoredWeight(file, entry, first + from * rowLength, part, factor);
    }

    public StoredWeight times(double multiplier) {
        return new StoredWeight(file, entry, first, shape, factor * multiplier);
    }

    public long numElements() {
        return shape.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
    }

    /** All values, row-major. */
    public float[] readFloats() {
        if (numElements() == entry.numElements()) {
            return multiplied(file.readFloats(entry.name()), (int) numElements());
        }
        float[] out = new float[Math.toIntExact(numElements())];
        try (RandomReader reader = file.reader()) {
            read(reader, 0, out, out.length);
        }
        return out;
    }

    /** Elements {@code from} to {@code from + count} into the beginning of {@code target}. */
    public void read(RandomReader reader, long from, float[] target, int count) {
        file.read(reader, entry, first + from, target, 0, count);
        multiplied(target, count);
    }

    /** The same without rounding. */
    public void read(RandomReader reader, long from, double[] target, int count) {
        file.read(reader, entry, first + from, target, 0, count);
        for (int i = 0; factor != 1 && i < count; i++) {
            target[i] *= factor;
        }
    }

    private float[] multiplied(float[] values, int count) {
        for (int i = 0; factor != 1 && i < count; i++) {
            values[i] = (float) (values[i] * factor);
        }
        return values;
    }
}
