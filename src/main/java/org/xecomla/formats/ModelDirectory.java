package org.xecomla.formats;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;
import org.xecomla.files.SealedFiles;
import org.xecomla.formats.checkpoint.Headers;
import org.xecomla.formats.checkpoint.ModelFormat;
import org.xecomla.formats.checkpoint.ModelJson;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.RopeRowOrder;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.checkpoint.StoredWeight;
import org.xecomla.formats.checkpoint.TensorCheck;
import org.xecomla.formats.checkpoint.WeightFiles;
import org.xecomla.formats.deepseek.DeepseekReader;
import org.xecomla.formats.llama.LlamaReader;
import org.xecomla.formats.official.OfficialReader;
import org.xecomla.formats.xecomla.XecomlaReader;
import org.xecomla.formats.xecomla.XecomlaWriter;
import org.xecomla.safetensors.Dtype;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * A model in a Hugging Face directory: {@code config.json} and its safetensors files; directories of X-EcoMLA's
 * official code are read too. Opening reads headers only and checks
 * that the tensors are those of the configuration; weights are read tensor by tensor, in chunks, so that a checkpoint
 * larger than the heap loads. Holds no open file.
 *
 * <p>Weights come out in the engine's own row order ({@link RopeRowOrder}).
 */
public final class ModelDirectory implements ModelSource {
    private static final int CHUNK_ELEMENTS = 1 << 20;
    private static final int SAMPLE_ELEMENTS = 1 << 12;

    /** What can be opened; the first that recognises a directory reads it. */
    private static final List<ModelFormat> FORMATS =
            List.of(new OfficialReader(), new LlamaReader(), new XecomlaReader(), new DeepseekReader());

    private final Path path;
    private final ModelJson json;
    private final ModelConfig config;
    private final boolean ropeInterleaved;
    private final Map<String, StoredWeight> tensors;
    private final SealedFiles sealed;

    private ModelDirectory(
            Path path,
            ModelJson json,
            ModelConfig config,
            boolean ropeInterleaved,
            Map<String, StoredWeight> tensors,
            SealedFiles sealed) {
        this.path = path;
        this.json = json;
        this.sealed = sealed;
        this.config = config;
        this.ropeInterleaved = ropeInterleaved;
        this.tensors = tensors;
    }

    /**
     * Opens a model. Where a finished stage has made it, its files are compared with the stage's manifest while they
     * are read; {@link #load(ParameterStore)} needs no second reading for that.
     *
     * @throws UserException where a file is missing or broken, or a tensor is missing, unexpected or of another shape
     *     than the configuration says
     */
    public static ModelDirectory open(Path path) {
        return open(path, SealedFiles.of(path));
    }

    /** {@link #open(Path)} of files that are compared with {@code sealed} while they are read. */
    public static ModelDirectory open(Path path, SealedFiles sealed) {
        if (!DataFiles.isDirectory(path)) {
            throw new UserException("no such model directory: " + DataFiles.display(path));
        }
        Path configJson = new Path(path, "config.json");
        if (!DataFiles.exists(configJson)) {
            throw new UserException(DataFiles.display(path) + " is no model directory: it has no config.json");
        }
        sealed.requireSound(configJson);
        WeightFiles stored = WeightFiles.open(path);
        ModelJson json = ModelJson.read(configJson);
        ModelFormat format = format(new Headers(path, json, stored.shapes()));
        Map<String, StoredWeight> parameters = format.parameters(json, stored);
        Headers headers = new Headers(path, json, WeightFiles.shapes(parameters));
        ModelConfig config = format.config(headers);
        Map<String, StoredWeight> tensors = config.tieWordEmbeddings() ? Head.tied(parameters) : parameters;
        TensorCheck.check(config, tensors, DataFiles.display(path));
        if (config.tieWordEmbeddings() && Head.isItsOwn(tensors)) {
            config = config.withTiedEmbeddings(false);
        }
        return new ModelDirectory(path, json, config, format.ropeInterleaved(headers), tensors, sealed);
    }

    private static ModelFormat format(Headers headers) {
        return FORMATS.stream()
                .filter(format -> format.recognises(headers))
                .findFirst()
                .orElseThrow(() -> new ConfigException(headers.json().where() + ": model_type "
                        + (headers.modelType().isEmpty()
                                ? "is missing"
                                : "\"" + headers.modelType() + "\" is not supported")
                        + ": "
                        + FORMATS.stream()
                                .flatMap(format -> format.modelTypes().stream())
                                .collect(Collectors.joining(", "))
                        + " are"));
    }

    public Path path() {
        return path;
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    /** The type in which the checkpoint holds its embedding, and commonly all weights. */
    public Dtype dtype() {
        return located(ParameterNames.EMBEDDING).entry().dtype();
    }

    /**
     * The tokens that end a text: of {@code generation_config.json}, else of {@code config.json}; several for chat
     * models.
     */
    public List<Integer> eosTokenIds() {
        Path generation = new Path(path, "generation_config.json");
        List<Integer> ids =
                DataFiles.exists(generation) ? ModelJson.read(generation).integers("eos_token_id") : List.of();
        return ids.isEmpty() ? json.integers("eos_token_id") : ids;
    }

    /** One parameter, row-major (rows, cols), in the engine's row order. */
    @Override
    public float[] read(String parameter) {
        StoredWeight located = located(parameter);
        sealed.requireSound(located.file().path());
        float[] stored = located.readFloats();
        requireFinite(stored, located);
        RopeRowOrder order = order(parameter);
        if (order.isUnchanged()) {
            return stored;
        }
        int cols = ParameterNames.isBias(parameter) ? 1 : located.shape().get(1).intValue();
        float[] inside = new float[stored.length];
        for (int row = 0; row < stored.length / cols; row++) {
            System.arraycopy(stored, row * cols, inside, order.inside(row) * cols, cols);
        }
        return inside;
    }

    /**
     * Fills {@code weights}, file by file in the order of the bytes. Its parameters must be those of {@link #config()}.
     */
    public void load(ParameterStore weights) {
        Map<SafetensorsFile, List<String>> byFile = new LinkedHashMap<>();
        for (String parameter : weights.layout().places().keySet()) {
            byFile.computeIfAbsent(located(parameter).file(), file -> new ArrayList<>())
                    .add(parameter);
        }
        byFile.forEach((file, parameters) -> {
            try (RandomReader reader = sealed.comparing(file.path())) {
                for (String parameter : parameters) {
                    load(reader, parameter, weights.get(parameter));
                }
            }
        });
    }

    /** Fills {@code target} (rows, cols) with one parameter, in chunks, in the engine's row order. */
    @Override
    public void load(String parameter, Tensor target) {
        sealed.requireSound(located(parameter).file().path());
        try (RandomReader reader = located(parameter).file().reader()) {
            load(reader, parameter, target);
        }
    }

    private void load(RandomReader reader, String parameter, Tensor target) {
        StoredWeight located = located(parameter);
        if (target.length() != located.numElements()) {
            throw new IllegalArgumentException("tensor " + located.entry() + " for a parameter " + target);
        }
        RopeRowOrder order = order(parameter);
        if (ParameterNames.isBias(parameter)) {
            double[] stored = new double[target.cols()]; // (n)
            located.read(reader, 0, stored, stored.length);
            requireFinite(stored, located);
            target.write(order.inside(stored));
            return;
        }
        int cols = target.cols();
        int rowsAtOnce = order.isUnchanged() ? Math.max(1, CHUNK_ELEMENTS / cols) : 1;
        for (int from = 0; from < target.rows(); from += rowsAtOnce) {
            int to = Math.min(target.rows(), from + rowsAtOnce);
            int inside = order.inside(from);
            Tensor part = target.rows(inside, inside + to - from); // (to - from, cols)
            if (target.type() == ElementType.DOUBLE) {
                double[] values = new double[(to - from) * cols];
                located.read(reader, (long) from * cols, values, values.length);
                requireFinite(values, located);
                part.write(values);
            } else {
                float[] values = new float[(to - from) * cols];
                located.read(reader, (long) from * cols, values, values.length);
                requireFinite(values, located);
                part.write(values, 0);
            }
        }
    }

    /**
     * Writes a model directory: weights, tokenizer files, and {@code config.json} last, without which nothing opens it.
     * A model that was there before is replaced.
     *
     * @param weights parameters of {@code config} in the engine's row order; they are rounded to nearest, ties to even
     */
    public static void save(Path directory, ModelConfig config, ParameterStore weights, SaveOptions options) {
        XecomlaWriter.write(directory, config, weights, options);
    }

    /** A weight that is no number makes every result one: it is found here, where it is read. */
    private static void requireFinite(float[] values, StoredWeight located) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw notFinite(value, located);
            }
        }
    }

    /**
     * Looks at some weights of every tensor: at its beginning, in its middle, at its end.
     *
     * @throws UserException naming file and tensor, where one of them is no number
     */
    public void requireFiniteSample() {
        for (StoredWeight located : tensors.values()) {
            long numElements = located.numElements();
            float[] values = new float[(int) Math.min(SAMPLE_ELEMENTS, numElements)];
            long last = numElements - values.length;
            try (RandomReader reader = located.file().reader()) {
                for (long first : new long[] {0, last / 2, last}) {
                    located.read(reader, first, values, values.length);
                    requireFinite(values, located);
                }
            }
        }
    }

    private static void requireFinite(double[] values, StoredWeight located) {
        for (double value : values) {
            if (!Double.isFinite(value)) {
                throw notFinite(value, located);
            }
        }
    }

    private static UserException notFinite(double value, StoredWeight located) {
        return new UserException(DataFiles.display(located.file().path()) + ": tensor "
                + located.entry().name() + " holds " + value + ": the checkpoint is damaged, or its training diverged");
    }

    private RopeRowOrder order(String parameter) {
        return ropeInterleaved ? RopeRowOrder.of(config, parameter) : RopeRowOrder.unchanged();
    }

    /** Where a parameter is stored, in the files' row order. */
    public StoredWeight located(String parameter) {
        StoredWeight located = tensors.get(parameter);
        if (located == null) {
            throw new IllegalArgumentException("the model has no parameter " + parameter);
        }
        return located;
    }
}
