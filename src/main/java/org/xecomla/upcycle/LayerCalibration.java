package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.linalg.Matrix;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.safetensors.SafetensorsWriter;
import org.xecomla.upcycle.base.LayerActivations;

/**
 * What calibration text shows of one layer, in memory or in a file of its own. Legend: D elements of an input
 * as in {@link LayerActivations}, T tokens of a window, n samples.
 *
 * @param windows the layer's inputs in whole windows, (T*D) each; none where nothing is searched
 */
record LayerCalibration(LayerActivations activations, List<float[]> windows) {
    private static final String TOKENS = "tokens";
    private static final String MOMENT = "second_moment";
    private static final String SAMPLE = "sample";
    private static final String WINDOW = "window.";

    LayerCalibration {
        windows = List.copyOf(windows);
    }

    /** Writes the moment in double and all else, which was float, in float: {@link #read} gives back the same. */
    void write(Path file) {
        Matrix moment = activations.secondMoment(); // (D, D)
        Matrix sample = activations.sample(); // (n, D)
        long d = moment.cols();
        SafetensorsWriter writer = new SafetensorsWriter()
                .addDigested(TOKENS, List.of(1L), new double[] {activations.numTokens()})
                .addDigested(MOMENT, List.of(d, d), moment.toDoubles())
                .addDigested(SAMPLE, List.of((long) sample.rows(), d), sample.toFloats());
        for (int w = 0; w < windows.size(); w++) {
            float[] window = windows.get(w); // (T, D)
            writer.addDigested(WINDOW + w, List.of(window.length / d, d), window);
        }
        writer.write(file);
    }

    /** What {@link #write} wrote; of the windows the first {@code numWindows}, or all where there are fewer. */
    static LayerCalibration read(Path path, int numWindows) {
        SafetensorsFile file = SafetensorsFile.open(path);
        int d = rows(file, MOMENT);
        Matrix moment = Matrix.of(d, d, file.readDoubles(MOMENT)); // (D, D)
        Matrix sample = Matrix.ofFloats(rows(file, SAMPLE), d, file.readFloats(SAMPLE)); // (n, D)
        List<float[]> windows = new ArrayList<>();
        for (int w = 0; w < numWindows && file.entries().containsKey(WINDOW + w); w++) {
            windows.add(file.readFloats(WINDOW + w)); // (T, D)
        }
        long numTokens = (long) file.readDoubles(TOKENS)[0];
        return new LayerCalibration(new LayerActivations(numTokens, moment, sample), windows);
    }

    private static int rows(SafetensorsFile file, String name) {
        return Math.toIntExact(file.entry(name).shape().get(0));
    }
}
