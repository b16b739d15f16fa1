package org.xecomla.formats.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.safetensors.SafetensorsWriter;
import org.xecomla.tensor.Tensor;

/**
 * Writes a model directory: weights, tokenizer files, and configuration last, without which nothing opens it. A model
 * that was there before is replaced.
 */
public final class ModelWriter {
    public static final String CONFIG = "config.json";

    /** A chat template in a file of its own. */
    public static final String CHAT_TEMPLATE = "chat_template.jinja";

    /** The configurations of all formats: one that is left over would be believed. */
    private static final Set<String> CONFIGS = Set.of(CONFIG, "MLA_config.json", "mla_layer_config.json");

    private static final List<String> TOKENIZER_FILES = List.of(
            "tokenizer.json",
            "tokenizer.model",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            CHAT_TEMPLATE,
            "chat_template.json",
            "generation_config.json");

    private final Path directory;
    private final ModelConfig config;
    private final SaveOptions options;

    /** @param config of the parameters that will be asked for; they are rounded to nearest, ties to even */
    public ModelWriter(Path directory, ModelConfig config, SaveOptions options) {
        this.directory = directory;
        this.config = config;
        this.options = options;
    }

    public void write(WeightSource weights, String json) {
        write(weights, Map.of(CONFIG, json), name -> name);
    }

    /**
     * @param json texts by the names of their files, {@code config.json} the last
     * @param stored what a parameter is called in the files
     */
    public void write(WeightSource weights, Map<String, String> json, UnaryOperator<String> stored) {
        Optional<Path> tokenizer = options.tokenizerFrom().filter(from -> !from.equals(directory));
        DataFiles.createDirectories(directory);
        deleteOld();
        List<List<String>> shards = shards();
        for (int s = 0; s < shards.size(); s++) {
            writeShard(weights, shards.get(s), stored, new Path(directory, name(s, shards.size())));
        }
        if (shards.size() > 1) {
            writeIndex(shards, stored);
        }
        tokenizer.ifPresent(this::copyTokenizer);
        options.chatTemplate().ifPresent(text -> DataFiles.writeString(new Path(directory, CHAT_TEMPLATE), text));
        json.forEach((name, text) -> DataFiles.writeString(new Path(directory, name), text));
    }

    private void deleteOld() {
        for (Path file : DataFiles.list(directory)) {
            String name = file.getName();
            boolean weights = name.equals(WeightFiles.SINGLE)
                    || name.equals(WeightFiles.INDEX)
                    || name.matches("model-\\d+-of-\\d+\\.safetensors");
            if (weights || CONFIGS.contains(name)) {
                DataFiles.delete(file);
            }
        }
    }

    /** Names of the parameters of each file, in checkpoint order. */
    private List<List<String>> shards() {
        List<List<String>> shards = new ArrayList<>();
        long bytes = 0;
        for (Map.Entry<String, ParameterShapes.Shape> parameter :
                ParameterShapes.of(config).entrySet()) {
            long size = bytes(parameter.getValue());
            if (shards.isEmpty() || bytes + size > options.maxShardBytes()) {
                shards.add(new ArrayList<>());
                bytes = 0;
            }
            shards.get(shards.size() - 1).add(parameter.getKey());
            bytes += size;
        }
        return shards;
    }

    private long bytes(ParameterShapes.Shape shape) {
        return (long) shape.rows() * shape.cols() * options.dtype().width();
    }

    private static String name(int shard, int numShards) {
        return numShards == 1
                ? WeightFiles.SINGLE
                : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", shard + 1, numShards);
    }

    private void writeShard(WeightSource weights, List<String> names, UnaryOperator<String> stored, Path path) {
        SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
        for (String name : names) {
            List<Long> shape =
                    TensorCheck.storedShape(name, ParameterShapes.of(config).get(name));
            writer.add(
                    stored.apply(name), options.dtype(), shape, source(weights, name, RopeRowOrder.of(config, name)));
        }
        writer.write(path);
    }

    private static SafetensorsWriter.Source source(WeightSource weights, String name, RopeRowOrder order) {
        return (first, target, count) -> {
            Tensor tensor = weights.get(name); // (rows, cols)
            if (ParameterNames.isBias(name)) {
                double[] stored = order.stored(tensor.toDoubles()); // (n)
                requireFinite(stored, name);
                System.arraycopy(stored, Math.toIntExact(first), target, 0, count);
                return;
            }
            int cols = tensor.cols();
            int firstRow = Math.toIntExact(first / cols);
            int numRows = count / cols;
            int rowsAtOnce = order.isUnchanged() ? numRows : 1;
            for (int row = 0; row < numRows; row += rowsAtOnce) {
                int inside = order.inside(firstRow + row);
                double[] values = tensor.rows(inside, inside + rowsAtOnce).toDoubles();
                requireFinite(values, name);
                System.arraycopy(values, 0, target, row * cols, values.length);
            }
        };
    }

    private static void requireFinite(double[] values, String name) {
        for (double value : values) {
            if (!Double.isFinite(value)) {
                throw new UserException("parameter " + name + " holds " + value + ", and no model is written of that");
            }
        }
    }

    private void writeIndex(List<List<String>> shards, UnaryOperator<String> stored) {
        JsonMapper mapper = new JsonMapper();
        ObjectNode index = mapper.createObjectNode();
        long total = ParameterShapes.of(config).values().stream()
                .mapToLong(this::bytes)
                .sum();
        index.putObject("metadata").put("total_size", total);
        ObjectNode map = index.putObject("weight_map");
        for (int s = 0; s < shards.size(); s++) {
            for (String name : shards.get(s)) {
                map.put(stored.apply(name), name(s, shards.size()));
            }
        }
        try {
            DataFiles.writeString(
                    new Path(directory, WeightFiles.INDEX),
                    mapper.writerWithDefaultPrettyPrinter().writeValueAsString(index) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers is always JSON", e);
        }
    }

    private void copyTokenizer(Path from) {
        if (!DataFiles.isDirectory(from)) {
            DataFiles.copy(from, new Path(directory, "tokenizer.json"));
            return;
        }
        for (String name : TOKENIZER_FILES) {
            Path file = new Path(from, name);
            if (DataFiles.exists(file)) {
                DataFiles.copy(file, new Path(directory, name));
            }
        }
    }
}
