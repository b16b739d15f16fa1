package org.xecomla.upcycle.base;

import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.linalg.Matrix;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.safetensors.SafetensorsWriter;

/**
 * Sums of x x<sup>T</sup> over tokens, of several kinds of x.
 *
 * @param numTokens how many were added up
 * @param sums (n, n) each
 */
public record MomentSums(long numTokens, List<Matrix> sums) implements Serializable {
    private static final String TOKENS = "tokens";
    private static final String SUM = "sum.";

    public MomentSums {
        sums = List.copyOf(sums);
    }

    /** Of rows (N, n) each. */
    public static MomentSums of(Matrix... rows) {
        return new MomentSums(
                rows[0].rows(),
                List.of(rows).stream().map(x -> x.transposeTimes(x)).toList());
    }

    /** Both together. */
    public MomentSums plus(MomentSums other) {
        return new MomentSums(
                numTokens + other.numTokens,
                IntStream.range(0, sums.size())
                        .mapToObj(i -> sums.get(i).plus(other.sums.get(i)))
                        .toList());
    }

    /** E[x x<sup>T</sup>] of one kind. (n, n) */
    public Matrix mean(int kind) {
        return sums.get(kind).scale(1.0 / numTokens);
    }

    /** In double: {@link #read} gives back the same. */
    public void write(Path file) {
        SafetensorsWriter writer = new SafetensorsWriter().addDigested(TOKENS, List.of(1L), new double[] {numTokens});
        for (int i = 0; i < sums.size(); i++) {
            long n = sums.get(i).rows();
            writer.addDigested(SUM + i, List.of(n, n), sums.get(i).toDoubles());
        }
        writer.write(file);
    }

    /** What {@link #write} wrote. */
    public static MomentSums read(Path path) {
        SafetensorsFile file = SafetensorsFile.open(path);
        int numKinds = file.entries().size() - 1;
        return new MomentSums(
                (long) file.readDoubles(TOKENS)[0],
                IntStream.range(0, numKinds)
                        .mapToObj(i -> {
                            int n = Math.toIntExact(file.entry(SUM + i).shape().get(0));
                            return Matrix.of(n, n, file.readDoubles(SUM + i)); // (n, n)
                        })
                        .toList());
    }
}
