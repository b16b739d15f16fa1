package org.xecomla.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.ParameterShapes;
import org.xecomla.config.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * A model in a Hugging Face directory: {@code config.json} and its safetensors files. Opening reads headers only and checks
 * that the tensors are those of the configuration; weights are read tensor by tensor, in chunks, so that a checkpoint
 * larger than the heap loads. Holds no open file.
 *
 * <p>Weights come out in the engine's own row order ({@link RopeRowOrder}).
 */
public final class ModelDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(ModelDirectory.class);
    private static final int CHUNK_ELEMENTS = 1 << 20;

    private final Path path;
    private final ModelConfig config;
    private final boolean ropeInterleaved;
    private final Map<String, WeightFiles.Located> tensors;

    private ModelDirectory(
            Path path, ModelConfig config, boolean ropeInterleaved, Map<String, WeightFiles.Located> tensors) {
        this.path = path;
        this.config = config;
        this.ropeInterleaved = ropeInterleaved;
        this.tensors = tensors;
    }

    /**
     * Opens a model.
     *
     * @throws UserException where a file is missing or broken, or a tensor is missing, unexpected or of another shape than
     *     the configuration says
     */
    public static ModelDirectory open(Path path) {
        if (!DataFiles.isDirectory(path)) {
            throw new UserException("no such model directory: " + DataFiles.display(path));
        }
        Path configJson = new Path(path, "config.json");
        if (!DataFiles.exists(configJson)) {
            throw new UserException(DataFiles.display(path) + " is no model directory: it has no config.json");
        }
        WeightFiles files = WeightFiles.open(path);
        ModelConfig config = HfConfigJson.read(configJson, files.shapes());
        TensorCheck.check(config, files.tensors(), DataFiles.display(path));
        return new ModelDirectory(path, config, HfConfigJson.ropeInterleaved(configJson), files.tensors());
    }

    public Path path() {
        return path;
    }

    public ModelConfig config() {
        return config;
    }

    /** The type in which the checkpoint holds its embedding, and commonly all weights. */
    public Dtype dtype() {
        return located(ParameterShapes.EMBEDDING).entry().dtype();
    }

    /** One parameter, row-major (rows, cols), in the engine's row order. */
    public float[] read(String parameter) {
        WeightFiles.Located located = located(parameter);
        float[] stored = located.file().readFloats(parameter);
        RopeRowOrder order = order(parameter);
        if (order.isUnchanged()) {
            return stored;
        }
        int cols = located.entry().shape().get(1).intValue();
        float[] inside = new float[stored.length];
        for (int row = 0; row < stored.length / cols; row++) {
            System.arraycopy(stored, row * cols, inside, order.inside(row) * cols, cols);
        }
        return inside;
    }

    /** Fills {@code weights}, file by file in the order of the bytes. Its parameters must be those of {@link #config()}. */
    public void load(ParameterStore weights) {
        Map<SafetensorsFile, List<SafetensorsFile.Entry>> byFile = new LinkedHashMap<>();
        for (ParameterLayout.Place place : weights.layout().places().values()) {
            WeightFiles.Located located = located(place.spec().name());
            byFile.computeIfAbsent(located.file(), file -> new ArrayList<>()).add(located.entry());
        }
        byFile.forEach((file, entries) -> {
            try (RandomReader reader = file.reader()) {
                for (SafetensorsFile.Entry entry : entries) {
                    load(file, reader, entry, weights.get(entry.name()));
                }
            }
        });
        warnOfSecondHead();
    }

    private void load(SafetensorsFile file, RandomReader reader, SafetensorsFile.Entry entry, Tensor target) {
        if (target.length() != entry.numElements()) {
            throw new IllegalArgumentException("tensor " + entry + " for a parameter " + target);
        }
        RopeRowOrder order = order(entry.name());
        int cols = target.cols();
        int chunkRows = Math.max(1, CHUNK_ELEMENTS / cols);
        float[] chunk = new float[Math.min(chunkRows, target.rows()) * cols];
        for (int from = 0; from < target.rows(); from += chunkRows) {
            int to = Math.min(target.rows(), from + chunkRows);
            file.read(reader, entry, (long) from * cols, chunk, 0, (to - from) * cols);
            for (int row = from; row < to; row++) {
                int inside = order.inside(row);
                target.rows(inside, inside + 1).write(chunk, (row - from) * cols);
            }
        }
    }

    private void warnOfSecondHead() {
        WeightFiles.Located head = tensors.get(ParameterShapes.HEAD);
        if (head == null || !config.tieWordEmbeddings()) {
            return;
        }
        LOG.debug(
                "{} holds a tied head of its own", DataFiles.display(head.file().path()));
    }

    private RopeRowOrder order(String parameter) {
        return ropeInterleaved ? RopeRowOrder.of(config, parameter) : RopeRowOrder.unchanged();
    }

    private WeightFiles.Located located(String parameter) {
        WeightFiles.Located located = tensors.get(parameter);
        if (located == null) {
            throw new IllegalArgumentException("the model has no parameter " + parameter);
        }
        return located;
    }
}
