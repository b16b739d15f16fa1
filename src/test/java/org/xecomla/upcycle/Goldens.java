package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.upcycle.base.BaseWeights;

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

    /** The student of these layers, in double; without any, the base itself. */
    static Student student(BaseWeights base, List<UpcycledLayer> layers) {
        return student(base, layers, ElementType.DOUBLE);
    }

    static Student student(BaseWeights base, List<UpcycledLayer> layers, ElementType type) {
        return StudentInitializer.assemble(base, layers, List.of(), type);
    }

    /** Logits (numSequences * T * V). */
    static double[] logits(Student student, int[] ids, int numSequences) {
        int longest = ids.length / numSequences;
        int vocabSize = student.config().vocabSize();
        try (CausalLm model = model(student, longest);
                Arena arena = Arena.of(model.kernels(), model.arenaBytes((m, a) -> {
                    m.hiddenStates(ids, numSequences, a, null);
                    a.matrix(ids.length, vocabSize);
                }))) {
            Tensor hidden = model.hiddenStates(ids, numSequences, arena, null); // (B*T, D)
            Tensor logits = arena.matrix(ids.length, vocabSize); // (B*T, V)
            model.logits(hidden, logits);
            return logits.toDoubles();
        }
    }

    private static CausalLm model(Student student, int longest) {
        ElementType type = student.weights().type();
        Kernels kernels = type == ElementType.DOUBLE ? new NaiveKernels(type) : new CpuKernels(1);
        return new CausalLm(student.config(), student.weights(), null, kernels, longest);
    }

    /** Calibration of all layers of {@code base}. */
    static Calibration calibration(BaseWeights base, List<int[]> windows) {
        return calibration(base, windows, ElementType.DOUBLE);
    }

    static Calibration calibration(BaseWeights base, List<int[]> windows, ElementType type) {
        try (Student student = student(base, List.of(), type);
                CausalLm model = model(student, windows.get(0).length)) {
            int numLayers = base.config().numLayers();
            List<TokenSequence> text = windows.stream().map(TokenSequence::of).toList();
            return Calibration.of(
                    model, text, IntStream.range(0, numLayers).boxed().toList());
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
