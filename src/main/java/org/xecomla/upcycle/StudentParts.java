package org.xecomla.upcycle;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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
import org.xecomla.upcycle.base.MomentSums;
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

    /**
     * What lies in files before layers are made.
     *
     * @param full shapes of the layers of full rank that gradients were taken in, by layer; commonly none
     */
    private record Seen(
            boolean calibrated, int windowLength, int numGradientParts, TreeMap<Integer, UpcycledLayer> full)
            implements Serializable {
        static final Seen NOTHING = new Seen(false, 0, 0, new TreeMap<>());

        Seen withFull(List<UpcycledLayer> shapes) {
            TreeMap<Integer, UpcycledLayer> byLayer = new TreeMap<>();
            shapes.forEach(shape -> byLayer.put(shape.report().layer(), shape));
            return new Seen(calibrated, windowLength, numGradientParts, byLayer);
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
        if (!plan.needsCalibration()) {
            return made(plan, Seen.NOTHING, workers);
        }
        Seen calibrated = workers.map("calibration", List.of(plan), (whole, kernels) -> calibrate(whole, text, kernels))
                .get(0);
        UpcyclePlan found = SlotPlanner.planned(
                base.open().config(),
                plan,
                calibrated.windowLength,
                (candidates, numWindows) -> errors(plan.searched(), candidates, numWindows, workers));
        Seen seen = found.gradientsOfStudent()
                ? calibrated.withFull(workers.map(
                        "layers at full rank", found.atFullRank().layers(), (layer, kernels) -> full(layer)))
                : calibrated;
        if (found.gradientTokens() > 0) {
            List<Integer> parts =
                    IntStream.range(0, seen.numGradientParts).boxed().toList();
            workers.map("gradients", parts, (part, kernels) -> gradients(found, seen, text, part, kernels));
        }
        return made(found, seen, workers);
    }

    private Made made(UpcyclePlan plan, Seen seen, Workers workers) {
        UpcyclePlan ranked =
                plan.ranked(() -> workers.map("spectra", plan.layers(), (layer, kernels) -> spectrum(layer, seen)));
        List<UpcycledLayer> shapes = workers.map("layers", ranked.layers(), (layer, kernels) -> layer(layer, seen));
        return new Made(shapes, ranked.notes());
    }

    /** The student of layers that {@link #make} has made. */
    public Student student(Made made, ElementType type) {
        BaseWeights weights = BaseWeights.of(base.open());
        return StudentInitializer.assemble(
                weights, made.shapes.stream().map(shape -> read(shape, tensorsOf(shape))), made.notes, type);
    }

    private Seen calibrate(UpcyclePlan plan, Text text, Kernels kernels) {
        List<TokenSequence> windows = plan.windows(text.windows());
        Calibration seen = StudentInitializer.calibrate(base.open(), plan, windows, kernels);
        DataFiles.createDirectories(scratch);
        plan.latentLayers().forEach(layer -> seen.seen(layer).write(calibrationOf(layer)));
        int numParts = GradientSource.parts(plan.gradientWindows(windows)).size();
        return new Seen(true, windows.get(0).ids().length, numParts, new TreeMap<>());
    }

    /** Writes the sums of one part of the text, a file a layer. */
    private Integer gradients(UpcyclePlan plan, Seen seen, Text text, int part, Kernels kernels) {
        List<TokenSequence> windows = GradientSource.parts(plan.gradientWindows(plan.windows(text.windows())))
                .get(part);
        Collection<UpcycledLayer> full = seen.full.values();
        GradientSource.of(BaseWeights.of(base.open()), full)
                .moments(
                        () -> full.stream().map(shape -> read(shape, fullOf(shape))),
                        windows,
                        plan.latentLayers(),
                        kernels)
                .forEach((layer, sums) -> sums.write(gradientsOf(layer, part)));
        return part;
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

    private LayerSpectrum spectrum(LayerPlan layer, Seen seen) {
        return StudentInitializer.spectrum(BaseWeights.of(base.open()), layer, activations(layer, seen));
    }

    /** Null where nothing was calibrated. */
    private LayerActivations activations(LayerPlan layer, Seen seen) {
        if (!seen.calibrated) {
            return null;
        }
        return calibration(layer)
                .withGradients(IntStream.range(0, seen.numGradientParts)
                        .mapToObj(part -> MomentSums.read(gradientsOf(layer.layer(), part)))
                        .reduce(MomentSums::plus)
                        .orElse(null));
    }

    private LayerActivations calibration(LayerPlan layer) {
        return LayerCalibration.read(calibrationOf(layer.layer()), 0).activations();
    }

    /** Writes the tensors of a layer that gradients will be taken in. */
    private UpcycledLayer full(LayerPlan layer) {
        UpcycledLayer made = StudentInitializer.layer(BaseWeights.of(base.open()), layer, calibration(layer));
        return written(made, fullOf(made));
    }

    private UpcycledLayer layer(LayerPlan layer, Seen seen) {
        UpcycledLayer full = seen.full.get(layer.layer());
        UpcycledLayer made = StudentInitializer.layer(
                BaseWeights.of(base.open()),
                layer,
                activations(layer, seen),
                full == null ? null : read(full, fullOf(full)));
        return written(made, tensorsOf(made));
    }

    /** Writes the layer's tensors as a student holds them. */
    private UpcycledLayer written(UpcycledLayer made, Path file) {
        SafetensorsWriter writer = new SafetensorsWriter();
        made.tensors()
                .forEach((name, tensor) -> writer.addDigested(
                        name, List.of((long) tensor.rows(), (long) tensor.cols()), tensor.toFloats()));
        DataFiles.createDirectories(scratch);
        writer.write(file);
        return made.withoutTensors();
    }

    private static UpcycledLayer read(UpcycledLayer shape, Path path) {
        SafetensorsFile file = SafetensorsFile.open(path);
        Map<String, Matrix> tensors = new LinkedHashMap<>();
        file.entries().forEach((name, entry) -> {
            int rows = Math.toIntExact(entry.shape().get(0));
            int cols = Math.toIntExact(entry.shape().get(1));
            tensors.put(name, Matrix.ofFloats(rows, cols, file.readFloats(name))); // (rows, cols)
        });
        return new UpcycledLayer(tensors, shape.report());
    }

    private Path gradientsOf(int layer, int part) {
        return new Path(scratch, String.format(Locale.ROOT, "gradients-%03d-%05d.safetensors", layer, part));
    }

    private Path calibrationOf(int layer) {
        return new Path(scratch, String.format(Locale.ROOT, "calibration-%03d.safetensors", layer));
    }

    private Path fullOf(UpcycledLayer layer) {
        return new Path(
                scratch,
                String.format(
                        Locale.ROOT, "full-%03d.safetensors", layer.report().layer()));
    }

    private Path tensorsOf(UpcycledLayer layer) {
        return new Path(
                scratch,
                String.format(
                        Locale.ROOT, "layer-%03d.safetensors", layer.report().layer()));
    }
}
