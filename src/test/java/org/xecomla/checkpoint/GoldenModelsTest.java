package org.xecomla.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.ParameterShapes;
import org.xecomla.files.DataFiles;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;

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
        assertEquals(15, models.size());
        return models;
    }

    @ParameterizedTest
    @MethodSource("models")
    void loads(Path directory) {
        ModelDirectory model = ModelDirectory.open(directory);
        List<ParameterLayout.Spec> specs = ParameterShapes.of(model.config()).entrySet().stream()
                .map(e -> new ParameterLayout.Spec(
                        e.getKey(), e.getValue().rows(), e.getValue().cols(), true))
                .toList();
        try (ParameterStore weights = ParameterStore.zeros(ParameterLayout.of(specs), DataType.FLOAT)) {
            model.load(weights);
            for (ParameterLayout.Spec spec : specs) {
                float[] loaded = weights.get(spec.name()).toFloats();
                assertArrayEquals(model.read(spec.name()), loaded, spec.name());
                boolean any = false;
                for (float value : loaded) {
                    any |= value != 0;
                }
                assertTrue(any, spec.name());
            }
        }
    }
}
