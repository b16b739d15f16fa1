package org.xecomla.formats.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.safetensors.SafetensorsFile;

/**
 * The safetensors files of a model directory: one, or several with an index. The index decides: what a file holds
 * beyond it, a copy that another file replaces for one, does not count.
 */
public final class WeightFiles {
    static final String SINGLE = "model.safetensors";
    public static final String INDEX = "model.safetensors.index.json";

    private final Map<String, StoredWeight> tensors = new LinkedHashMap<>();

    private WeightFiles() {}

    /** Reads the headers of all files. */
    public static WeightFiles open(Path directory) {
        Path single = new Path(directory, SINGLE);
        Path index = new Path(directory, INDEX);
        WeightFiles files = new WeightFiles();
        if (DataFiles.exists(single)) {
            SafetensorsFile file = SafetensorsFile.open(single);
            file.entries().values().forEach(entry -> files.tensors.put(entry.name(), new StoredWeight(file, entry)));
        } else if (DataFiles.exists(index)) {
            files.openIndexed(directory, ModelJson.read(index));
        } else {
            throw new UserException("no weights in " + DataFiles.display(directory) + ": neither " + SINGLE + " nor "
                    + INDEX + " is there (other formats must be converted to safetensors)");
        }
        return files;
    }

    private void openIndexed(Path directory, ModelJson index) {
        ModelJson map = index.object("weight_map");
        Map<String, Set<String>> byFile = new LinkedHashMap<>();
        map.json().fields().forEachRemaining(field -> byFile.computeIfAbsent(
                        fileName(index, field.getKey(), field.getValue()), name -> new LinkedHashSet<>())
                .add(field.getKey()));
        byFile.forEach((name, wanted) -> {
            if (!DataFiles.exists(new Path(directory, name))) {
                throw new UserException("no such file: " + DataFiles.display(new Path(directory, name)) + ", which "
                        + index.where() + " lists for " + wanted.iterator().next());
            }
        });
        byFile.forEach((name, wanted) -> openShard(new Path(directory, name), index.where(), wanted));
    }

    private void openShard(Path path, String index, Set<String> wanted) {
        SafetensorsFile file = SafetensorsFile.open(path);
        for (String name : wanted) {
            if (!file.entries().containsKey(name)) {
                throw new UserException(
                        DataFiles.display(path) + " has no tensor " + name + ", which " + index + " places there");
            }
        }
        wanted.forEach(name -> tensors.put(name, new StoredWeight(file, file.entry(name))));
    }

    private static String fileName(ModelJson index, String tensor, JsonNode value) {
        String name = value.asText();
        boolean outside = name.isBlank()
                || name.indexOf('\0') >= 0
                || name.contains("\\")
                || name.contains(":")
                || name.startsWith("/")
                || List.of(name.split("/")).contains("..");
        if (!value.isTextual() || outside) {
            throw new UserException(index.where() + ": tensor " + tensor + " is placed in " + value
                    + ", which is no file inside the model's directory");
        }
        return name;
    }

    /** The same tensors under other names. */
    public WeightFiles renamed(UnaryOperator<String> names) {
        WeightFiles renamed = new WeightFiles();
        tensors.forEach((stored, located) -> {
            StoredWeight other = renamed.tensors.put(names.apply(stored), located);
            if (other != null) {
                throw new UserException(DataFiles.display(located.file().path()) + ": tensor " + stored
                        + " is the same parameter as " + other.entry().name());
            }
        });
        return renamed;
    }

    public Map<String, StoredWeight> tensors() {
        return tensors;
    }

    public Map<String, List<Long>> shapes() {
        return shapes(tensors);
    }

    /** Of any weights, by their names. */
    public static Map<String, List<Long>> shapes(Map<String, StoredWeight> weights) {
        return weights.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().shape()));
    }
}
