package org.xecomla.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.checkpoint.WeightFiles;
import org.xecomla.safetensors.Dtype;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;

/** What is saved comes back: shapes, values in every type, any cut into files, the row order of latent attention. */
class ModelDirectoryTest {
    @TempDir
    java.nio.file.Path temporary;

    private Path directory;

    @BeforeEach
    void nameDirectory() {
        directory = DataFiles.path(temporary + "/model");
    }

    private static SaveOptions options(Dtype dtype, long maxShardBytes) {
        return new SaveOptions(dtype, maxShardBytes, Optional.empty());
    }

    @ParameterizedTest
    @EnumSource(names = {"F64", "F32", "F16", "BF16"})
    void everyTypeRounds(Dtype dtype) {
        ModelConfig model = Models.of(false, List.of(Models.mla(0, 7, false, true, RopeScaling.NONE)));
        try (ParameterStore saved = Models.weights(model, ElementType.FLOAT, 2);
                ParameterStore loaded = Tensors.zeros(Models.layout(model), ElementType.FLOAT)) {
            ModelDirectory.save(directory, model, saved, options(dtype, SaveOptions.MAX_SHARD_BYTES));
            ModelDirectory opened = ModelDirectory.open(directory);
            assertEquals(dtype, opened.dtype());
            opened.load(loaded);
            for (String parameter : saved.layout().places().keySet()) {
                float[] expected = saved.get(parameter).toFloats();
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = switch (dtype) {
                        case F16 -> Dtype.halfToFloat(Dtype.floatToHalf(expected[i]));
                        case BF16 -> Float.intBitsToFloat(Dtype.floatToBfloat(expected[i]) << 16);
                        default -> expected[i];
                    };
                }
                assertArrayEquals(expected, loaded.get(parameter).toFloats(), parameter);
            }
            String config = DataFiles.readString(new Path(directory, "config.json"));
            assertTrue(config.contains("\"torch_dtype\" : \"" + dtype.torchName() + "\""), config);
        }
    }

    /** What training has spoilt is not written, and what stood there stays unopenable: config.json goes last. */
    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.NEGATIVE_INFINITY})
    void weightsThatAreNoNumbersAreNotWritten(double value) {
        ModelConfig model = Models.of(true, List.of(Models.gqa(2, 4, RopeScaling.NONE)));
        try (ParameterStore weights = Models.weights(model, ElementType.FLOAT, 3)) {
            weights.get("model.norm.weight")
                    .write(Collections.nCopies(12, value).stream()
                            .mapToDouble(Double::doubleValue)
                            .toArray());
            UserException e = assertThrows(
                    UserException.class,
                    () -> ModelDirectory.save(directory, model, weights, options(Dtype.F32, 5000)));
            assertEquals(
                    "parameter model.norm.weight holds " + value + ", and no model is written of that", e.getMessage());
            assertFalse(DataFiles.exists(new Path(directory, "config.json")));
        }
    }

    @Test
    void ropeRowsAreInterleavedInTheFile() {
        ModelConfig model = Models.of(true, List.of(Models.mla(0, 7, false, false, RopeScaling.NONE)));
        try (ParameterStore weights = Models.weights(model, ElementType.FLOAT, 3)) {
            String name = "model.layers.0.self_attn.kv_a_proj_with_mqa.weight";
            for (int row = 0; row < 13; row++) {
                weights.get(name)
                        .rows(row, row + 1)
                        .write(Collections.nCopies(12, (double) row).stream()
                                .mapToDouble(Double::doubleValue)
                                .toArray());
            }
            ModelDirectory.save(directory, model, weights, options(Dtype.F32, 5000));
            ModelDirectory opened = ModelDirectory.open(directory);
            assertEquals(7f, opened.read(name)[7 * 12]);
            Path file = DataFiles.list(directory).stream()
                    .filter(path -> path.getName().endsWith(".safetensors"))
                    .filter(path -> SafetensorsFile.open(path).entries().containsKey(name))
                    .findFirst()
                    .orElseThrow();
            float[] stored = SafetensorsFile.open(file).readFloats(name);
            int[] rows = {0, 1, 2, 3, 4, 5, 6, 7, 10, 8, 11, 9, 12};
            for (int row = 0; row < 13; row++) {
                assertEquals(rows[row], stored[row * 12], "stored row " + row);
            }
        }
    }

    @Test
    void filesAreCutBySizeAndReplaceOldOnes() {
        ModelConfig model = Models.of(false, List.of(Models.gqa(2, 4, RopeScaling.NONE)));
        try (ParameterStore weights = Models.weights(model, ElementType.FLOAT, 4)) {
            ModelDirectory.save(directory, model, weights, options(Dtype.F32, 2000));
            List<Path> shards = DataFiles.list(directory).stream()
                    .filter(path -> path.getName().endsWith(".safetensors"))
                    .toList();
            assertTrue(shards.size() > 2, shards.toString());
            assertEquals(
                    "model-00001-of-0000" + shards.size() + ".safetensors",
                    shards.get(0).getName());
            for (Path shard : shards) {
                long bytes = SafetensorsFile.open(shard).entries().values().stream()
                        .mapToLong(entry -> entry.end() - entry.begin())
                        .sum();
                assertTrue(bytes <= 2000, shard + " " + bytes);
                assertEquals(Map.of("format", "pt"), SafetensorsFile.open(shard).metadata());
            }
            long total = weights.layout().numParameters() * 4;
            String index = DataFiles.readString(new Path(directory, WeightFiles.INDEX));
            assertTrue(index.contains("\"total_size\" : " + total), index);

            ModelDirectory.save(directory, model, weights, options(Dtype.BF16, SaveOptions.MAX_SHARD_BYTES));
            assertEquals(
                    List.of("config.json", "model.safetensors"),
                    DataFiles.list(directory).stream().map(Path::getName).toList());
            assertEquals(Dtype.BF16, ModelDirectory.open(directory).dtype());
        }
    }

    @Test
    void tokenizerFilesGoAlong() {
        Path source = DataFiles.path(temporary + "/base");
        for (String name : List.of("tokenizer.json", "tokenizer_config.json", "generation_config.json", "README.md")) {
            DataFiles.writeString(new Path(source, name), "{\"eos_token_id\": [5, 6], \"of\": \"" + name + "\"}");
        }
        ModelConfig model = Models.of(true, List.of(Models.gqa(2, 4, RopeScaling.NONE)));
        try (ParameterStore weights = Models.weights(model, ElementType.FLOAT, 5)) {
            ModelDirectory.save(directory, model, weights, options(Dtype.F32, 5000));
            assertEquals(List.of(2), ModelDirectory.open(directory).eosTokenIds());
            ModelDirectory.save(directory, model, weights, SaveOptions.of(Dtype.F32, source));
            assertEquals(
                    DataFiles.readString(new Path(source, "tokenizer.json")),
                    DataFiles.readString(new Path(directory, "tokenizer.json")));
            assertTrue(DataFiles.exists(new Path(directory, "tokenizer_config.json")));
            assertFalse(DataFiles.exists(new Path(directory, "README.md")));
            assertEquals(List.of(5, 6), ModelDirectory.open(directory).eosTokenIds());
            ModelDirectory.save(directory, model, weights, SaveOptions.of(Dtype.F32, directory));
            assertTrue(DataFiles.exists(new Path(directory, "tokenizer.json")));
        }
    }
}
