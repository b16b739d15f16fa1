package org.xecomla.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.safetensors.SafetensorsFile;

/** The shared fixtures of related methods, each of a base among them: what {@code shared/golden/methods} says. */
public final class MethodGoldens {
    private MethodGoldens() {}

    /** {@code expected.safetensors} of a fixture. */
    public static SafetensorsFile expected(String fixture) {
        return SafetensorsFile.open(new Path(path(fixture), "expected.safetensors"));
    }

    /** Its settings, and results that are no tensors. */
    public static JsonNode about(String fixture) {
        try {
            return new ObjectMapper().readTree(DataFiles.readString(new Path(path(fixture), "about.json")));
        } catch (IOException e) {
            throw new IllegalStateException(fixture, e);
        }
    }

    /**
     * The base of a fixture. The one with biases calls itself a Llama, whose output has one too: those of queries, keys
     * and values alone are Qwen2's.
     *
     * @param scratch an empty directory
     */
    public static ModelDirectory base(String fixture, java.nio.file.Path scratch) {
        Path path = path(about(fixture).get("base").asText());
        String json = DataFiles.readString(new Path(path, "config.json"));
        if (!json.contains("\"attention_bias\": true")) {
            return ModelDirectory.open(path);
        }
        Path copy = DataFiles.path(scratch.resolve(path.getName()).toString());
        DataFiles.createDirectories(copy);
        DataFiles.writeString(new Path(copy, "config.json"), json.replace("\"llama\"", "\"qwen2\""));
        DataFiles.copy(new Path(path, "model.safetensors"), new Path(copy, "model.safetensors"));
        return ModelDirectory.open(copy);
    }

    private static Path path(String fixture) {
        return DataFiles.path(System.getProperty("shared.dir") + "/golden/methods/" + fixture);
    }
}
