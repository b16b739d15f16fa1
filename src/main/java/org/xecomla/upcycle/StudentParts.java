package org.xecomla.upcycle;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.linalg.Matrix;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.safetensors.SafetensorsWriter;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.upcycle.SlotSearch.Candidate;
import org.xecomla.upcycle.base.BaseWeights;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.lowrank.LayerSpectrum;

/**
 * A student made in parts that can run anywhere and at once: the base's forward pass over calibration text, then for
 * every layer its candidates of slots, judged, then the layer itself. What a part leaves for the next is in files, a
 * layer each, since it may be more than a driver holds, with digests of what was meant. The student is that of
 * {@link StudentInitializer#make}.
 *
 * @param base opens its checkpoint
 * @param scratch directory that every worker sees; the caller deletes it
 */
public record StudentParts(Base base, Path scratch) implements Serializable {
    /** Opens the base, wherever a part is made. */
    public interface Base extends Serializable {
        ModelDirectory open();
    }

    public StudentParts(Path base, Path scratch) {
        this(() -> ModelDirectory.open(base), scratch);
    }

    /** One part: a function of its item and of what is in files, so that it may be run again. */
    @FunctionalInterface
    public interface Part<T, R> extends Serializable {
        R run(T item, Kernels kernels);
    }

    /** Those who do the parts. */
    public interface Workers {
        /** Runs {@code part} on every item; results in the order of the items. */
        <T extends Serializable, R extends Serializable> List<R> map(String what, List<T> items, Part<T, R> part);
    }

    /** The calibration text, asked for by the worker that reads it. */
    @FunctionalInterface
    public interface Text extends Serializable {
        /** Consecutive windows of one text, at least {@link UpcyclePlan#numCalibrationWindows}. */
        List<TokenSequence> windows();
    }

    /**
     * Layers that lie in files by now.
     *
     * @param shapes of the layers, without tensors
     * @param notes on what was decided
     */
    public record Made(List<UpcycledLayer> shapes, List<String> notes) implements Serializable {
        public Made {
            shapes = List.copyOf(shapes);
            notes = List.copyOf(notes);
        }
    }

    /** What a worker judges for a layer. */
    private record Asked(LayerPlan layer, ArrayList<Candidate> candidates, int numWindows) implements Serializable {}

    /**
     * Makes all layers of {@code plan}.
     *
     * @throws org.xecomla.errors.UserException where there is too little text
     */
    public Made make(UpcyclePlan plan, Text text, Workers workers) {
        UpcyclePlan found = plan;
        if (plan.needsCalibration()) {
            int length = workers.map("calibration", List.of(plan), (whole, kernels) -> calibrate(whole, text, kernels))
                    .get(0);
            found = SlotPlanner.planned(
                    base.open().config(),
                    plan,
                    length,
                    (candidates, numWindows) -> errors(plan.searched(), candidates, numWindows, workers));
        }
        boolean calibrated = plan.needsCalibration();
        List<LayerPlan> asked = found.layers();
        UpcyclePlan ranked = LowRankPlanner.planned(
                found, () -> workers.map("spectra", asked, (layer, kernels) -> spectrum(layer, calibrated)));
        List<UpcycledLayer> shapes =
                workers.map("layers", ranked.layers(), (layer, kernels) -> layer(layer, calibrated));
        return new Made(shapes, ranked.notes());
    }

    /** The student of layers that {@link #make} has made. */
    public Student student(Made made, ElementType type) {
        BaseWeights weights = BaseWeights.of(base.open());
        return StudentInitializer.assemble(weights, made.shapes.stream().map(this::read), made.notes, type);
    }

    /** Tokens of a window. */
    private int calibrate(UpcyclePlan plan, Text text, Kernels kernels) {
        List<TokenSequence> windows = plan.windows(text.windows());
        Calibration seen = StudentInitializer.calibrate(base.open(), plan, windows, kernels);
        DataFiles.createDirectories(scratch);
        plan.latentLayers().forEach(layer -> seen.seen(layer).write(calibrationOf(layer)));
        return windows.get(0).ids().length;
    }

    private List<List<Double>> errors(
            List<LayerPlan> layers, List<List<Candidate>> candidates, int numWindows, Workers workers) {
        List<Asked> asked = IntStream.range(0, layers.size())
                .mapToObj(i -> new Asked(layers.get(i), new ArrayList<>(candidates.get(i)), numWindows))
                .toList();
        return List.copyOf(workers.map("search for slots", asked, this::errors));
    }

    private ArrayList<Double> errors(Asked asked, Kernels kernels) {
        BaseWeights weights = BaseWeights.of(base.open());
        LayerCalibration seen = LayerCalibration.read(calibrationOf(asked.layer.layer()), asked.numWindows);
        return new ArrayList<>(
                SlotPlanner.errors(weights, asked.layer, seen, kernels, asked.candidates, asked.numWindows));
    }

    private LayerSpectrum spectrum(LayerPlan layer, boolean calibrated) {
        BaseWeights weights = BaseWeights.of(base.open());
        return LowRankUpcycler.spectrum(layer, weights.attention(layer.layer()), activations(layer, calibrated));
    }

    /** Null where nothing was calibrated. */
    private LayerActivations activations(LayerPlan layer, boolean calibrated) {
        return calibrated
                ? LayerCalibration.read(calibrationOf(layer.layer()), 0).activations()
                : null;
    }

    /** Writes the layer's tensors as the student will hold them. */
    private UpcycledLayer layer(LayerPlan layer, boolean calibrated) {
        BaseWeights weights = BaseWeights.of(base.open());
        UpcycledLayer made = StudentInitializer.layer(weights, layer, activations(layer, calibrated));
        SafetensorsWriter writer = new SafetensorsWriter();
        made.tensors()
                .forEach((name, tensor) -> writer.addDigested(
                        name, List.of((long) tensor.rows(), (long) tensor.cols()), tensor.toFloats()));
        DataFiles.createDirectories(scratch);
        writer.write(tensorsOf(layer.layer()));
        return made.withoutTensors();
    }

    private UpcycledLayer read(UpcycledLayer shape) {
        SafetensorsFile file = SafetensorsFile.open(tensorsOf(shape.report().layer()));
        Map<String, Matrix> tensors = new LinkedHashMap<>();
        file.entries().forEach((name, entry) -> {
            int rows = Math.toIntExact(entry.shape().get(0));
            int cols = Math.toIntExact(entry.shape().get(1));
            tensors.put(name, Matrix.ofFloats(rows, cols, file.readFloats(name))); // (rows, cols)
        });
        return new UpcycledLayer(tensors, shape.report());
    }

    private Path calibrationOf(int layer) {
        return new Path(scratch, String.format(Locale.ROOT, "calibration-%03d.safetensors", layer));
    }

    private Path tensorsOf(int layer) {
        return new Path(scratch, String.format(Locale.ROOT, "layer-%03d.safetensors", layer));
    }
}
