package org.xecomla.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.checkpoint.WeightFiles;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;

/** Every golden model opens, and loads what its tensors hold. */
@Tag("shared")
class GoldenModelsTest {
    private static Path shared(String name) {
        return DataFiles.path(System.getProperty("shared.dir") + "/" + name);
    }

    static List<Path> models() {
        Stream<Path> golden =
                DataFiles.list(shared("golden")).stream().filter(dir -> DataFiles.exists(new Path(dir, "config.json")));
        List<Path> models =
                Stream.concat(golden, Stream.of(shared("models/stories260K"))).toList();
        assertEquals(19, models.size());
        return models;
    }

    /** What the engine loads and saves again is what was there: same configuration, same tensors bit for bit. */
    @ParameterizedTest
    @MethodSource("models")
    void loadsAndSavesTheSame(Path directory, @TempDir java.nio.file.Path temporary) {
        ModelDirectory model = ModelDirectory.open(directory);
        Path copy = DataFiles.path(temporary + "/model");
        try (ParameterStore weights = Tensors.zeros(Models.layout(model.config()), ElementType.FLOAT)) {
            model.load(weights);
            for (String name : weights.layout().places().keySet()) {
                float[] loaded = weights.get(name).toFloats();
                assertArrayEquals(model.read(name), loaded, name);
                assertTrue(IntStream.range(0, loaded.length).anyMatch(i -> loaded[i] != 0), name);
            }
            ModelDirectory.save(
                    copy, model.config(), weights, new SaveOptions(model.dtype(), 30_000, Optional.empty()));
        }
        ModelDirectory saved = ModelDirectory.open(copy);
        assertEquals(model.config(), saved.config());
        Map<String, float[]> expected = tensors(directory);
        Map<String, float[]> actual = tensors(copy);
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), name));
    }

    private static Map<String, float[]> tensors(Path directory) {
        Map<String, float[]> tensors = new TreeMap<>();
        WeightFiles.open(directory)
                .tensors()
                .forEach((name, located) -> tensors.put(name, located.file().readFloats(name)));
        return tensors;
    }
}
