package org.xecomla.formats.official;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.WeightType;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.deepseek.DeepseekWriterTest;
import org.xecomla.nn.Goldens;
import org.xecomla.safetensors.Integers;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.serve.Exporter;

/** What is written for X-EcoMLA's official code is read back as the same function. */
class OfficialWriterTest {
    private static final int SMALL = 20_000; // bytes of a file

    @TempDir
    private Path directory;

    private org.apache.hadoop.fs.Path export(String fixture) {
        ModelDirectory student = open(fixture);
        org.apache.hadoop.fs.Path out = DataFiles.path(directory.toString());
        new Exporter(student, ExportConfig.Format.XECOMLA, WeightType.F32)
                .write(out, SMALL, Optional.empty(), Optional.empty(), Optional.empty());
        return out;
    }

    private static ModelDirectory open(String fixture) {
        return ModelDirectory.open(DataFiles.path("src/test/resources/golden/" + fixture));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mla-hybrid",
                "mla-gqa-tied-last",
                "mla-gqa-llama3rope-stride",
                "aligned-gqa-tied-r6-fold2",
                "aligned-gqa-tied-r8-fold1"
            })
    void logitsAreTheStudents(String fixture) {
        ModelDirectory read = ModelDirectory.open(export(fixture));
        int[] ids = Integers.of(Goldens.expected(fixture), "input_ids");
        double error = Goldens.relativeError(
                DeepseekWriterTest.logits(read, ids), DeepseekWriterTest.logits(open(fixture), ids));
        assertTrue(error < 1e-5, fixture + ": logits differ by " + error);
    }

    @Test
    void filesAreThoseOfTheOfficialCode() throws Exception {
        export("mla-hybrid");
        String config = Files.readString(directory.resolve("config.json"));
        assertTrue(config.contains("\"model_type\" : \"llama\"") && config.contains("llama3"), config);
        assertTrue(Files.readString(directory.resolve("MLA_config.json")).contains("\"attn_layers\" : [ 0 ]"));
        String layers = Files.readString(directory.resolve("mla_layer_config.json"));
        assertTrue(layers.contains("\"layer_rank_list\"") && layers.contains("\"kv_rank\" : 16"), layers);
        assertTrue(Files.readString(directory.resolve("model.safetensors.index.json"))
                .contains("model.layers.1.mla.out_proj.weight"));
        long tensors = DataFiles.list(DataFiles.path(directory.toString())).stream()
                .filter(file -> file.getName().endsWith(".safetensors"))
                .flatMap(file -> SafetensorsFile.open(file).entries().keySet().stream())
                .filter(name -> name.contains(".mla."))
                .count();
        assertEquals(2 * 5, tensors);
        // Another format in the same directory leaves nothing of it behind.
        ModelDirectory llama = open("llama-gqa-tied");
        new Exporter(llama, ExportConfig.Format.LLAMA, WeightType.F32)
                .write(
                        DataFiles.path(directory.toString()),
                        SaveOptions.MAX_SHARD_BYTES,
                        Optional.of(llama.path()),
                        Optional.empty(),
                        Optional.empty());
        assertFalse(Files.exists(directory.resolve("mla_layer_config.json")));
        assertEquals(
                llama.config(),
                ModelDirectory.open(DataFiles.path(directory.toString())).config());
    }

    /** The official code leaves out what has its class's default, and may inherit a rank from the layer before. */
    @Test
    void defaultsOfTheOfficialCodeAreKnown() throws Exception {
        org.apache.hadoop.fs.Path out = export("mla-gqa-llama3rope-stride");
        Path layers = directory.resolve("mla_layer_config.json");
        String all = Files.readString(layers);
        String few = all.replaceAll("(?s),\\s*\"layer_rank_list\".*", "}")
                .replaceAll("\"rope_type\" : \"yarn\",\\s*\"rope_scaling\"", "\"rope_scaling\"");
        assertFalse(few.contains("layer_rank_list"), few);
        Files.writeString(layers, few);
        assertEquals(
                new OfficialWriter().exported(open("mla-gqa-llama3rope-stride").config()),
                ModelDirectory.open(out).config());
        Files.writeString(layers, few.replace("\"rope_theta\" : 500000.0", "\"rope_theta\" : 1.0"));
        assertThrows(ConfigException.class, () -> ModelDirectory.open(out));
    }

    @Test
    void whatAFormatCannotHoldIsRefused() {
        assertThrows(ConfigException.class, () -> export("mla-serving")); // a norm on one latent only
        assertThrows(ConfigException.class, () -> export("llama-gqa-tied"));
        ConfigException latent = assertThrows(
                ConfigException.class,
                () -> new Exporter(open("mla-hybrid"), ExportConfig.Format.LLAMA, WeightType.F32).notes());
        assertTrue(latent.getMessage().startsWith("layer 1 of the model is latent"), latent.getMessage());
    }
}
