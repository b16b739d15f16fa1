package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.checkpoint.ModelDirectory;
import org.xecomla.checkpoint.SafetensorsFile;
import org.xecomla.config.ModelConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/** The golden fixtures, and models run in double. */
final class Goldens {
    private Goldens() {}

    static Path path(String name) {
        return DataFiles.path(System.getProperty("golden.dir", "src/test/resources/golden") + "/" + name);
    }

    static BaseWeights model(String name) {
        return BaseWeights.of(ModelDirectory.open(path(name)));
    }

    static SafetensorsFile tensors(String name, String file) {
        return SafetensorsFile.open(new Path(path(name), file));
    }

    static double[] widen(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    /** ||a - b|| / ||b||. */
    static double difference(double[] a, double[] b) {
        double off = 0;
        double norm = 0;
        for (int i = 0; i < b.length; i++) {
            off += (a[i] - b[i]) * (a[i] - b[i]);
            norm += b[i] * b[i];
        }
        return a.length == b.length ? Math.sqrt(off / norm) : Double.NaN;
    }

    /** Weights of {@code base} itself. */
    static ParameterStore weights(BaseWeights base) {
        return StudentInitializer.weights(base, List.of(), DataType.DOUBLE);
    }

    /** Logits (numSequences * T * V). */
    static double[] logits(ModelConfig config, ParameterStore weights, int[] ids, int numSequences) {
        int longest = ids.length / numSequences;
        try (CausalLm model = new CausalLm(config, weights, null, new NaiveKernels(DataType.DOUBLE), longest);
                Arena arena = Arena.ofElements(
                        DataType.DOUBLE,
                        model.arenaElements((m, a) -> m.hiddenStates(ids, numSequences, a, null))
                                + (long) ids.length * config.vocabSize()
                                + 64)) {
            Tensor hidden = model.hiddenStates(ids, numSequences, arena, null); // (B*T, D)
            Tensor logits = arena.matrix(ids.length, config.vocabSize()); // (B*T, V)
            model.logits(hidden, logits);
            return logits.toDoubles();
        }
    }

    /** Calibration of all layers of {@code base}. */
    static Calibration calibration(BaseWeights base, List<int[]> windows) {
        ModelConfig config = base.config();
        int longest = windows.get(0).length;
        try (ParameterStore weights = weights(base);
                CausalLm model = new CausalLm(config, weights, null, new NaiveKernels(DataType.DOUBLE), longest)) {
            List<Integer> layers =
                    IntStream.range(0, config.numLayers()).boxed().toList();
            return Calibration.of(model, windows, layers);
        }
    }

    static List<int[]> windows(int[] ids, int length) {
        List<int[]> windows = new ArrayList<>();
        for (int from = 0; from < ids.length; from += length) {
            windows.add(java.util.Arrays.copyOfRange(ids, from, from + length));
        }
        return windows;
    }
}
