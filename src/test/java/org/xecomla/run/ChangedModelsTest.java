package org.xecomla.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;

/** A base that is not what it was when the run first read it, though nobody can see that from outside. */
class ChangedModelsTest {
    private static final Instant THEN = Instant.now().minus(Duration.ofHours(1));

    @TempDir
    Path dir;

    private RunConfig run() throws IOException {
        Files.createDirectories(dir.resolve("run"));
        return RunConfig.ofOverrides(Map.of("run.dir", dir.resolve("run").toString(), "base.path", base().toString()));
    }

    private Path base() {
        return dir.resolve("base");
    }

    private Path weights() {
        return base().resolve("model.safetensors");
    }

    /** 20 MB: what is smaller is read again by every stage. */
    private void save() throws IOException {
        AttentionConfig attention = new AttentionConfig.Gqa(2, 1, 64, RopeScaling.NONE);
        ModelConfig model = new ModelConfig(128, 64, 40_000, 64, 1e-5, 10_000, true, 0, 1, List.of(attention));
        try (ParameterStore weights = Tensors.zeros(CausalLm.layout(model, name -> true), ElementType.FLOAT)) {
            ModelDirectory.save(
                    DataFiles.path(base().toString()),
                    model,
                    weights,
                    new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, Optional.empty()));
        }
        Files.setLastModifiedTime(weights(), FileTime.from(THEN));
    }

    /** In the middle of a weight, so that it stays a number; as a disk does it, without a trace. */
    private void flipABit() throws IOException {
        byte[] bytes = Files.readAllBytes(weights());
        bytes[bytes.length - 4000] ^= 1;
        Files.write(weights(), bytes);
        Files.setLastModifiedTime(weights(), FileTime.from(THEN));
    }

    private static void load(RunConfig config) {
        try (Kernels kernels = new CpuKernels(1);
                LoadedModel model = LoadedModel.open(RunModels.base(config), kernels, 8)) {
            assertEquals(40_000, model.config().vocabSize());
        }
    }

    @Test
    void aFlippedBitIsNoticedWhileTheWeightsAreRead() throws IOException {
        save();
        RunConfig config = run();
        load(config); // nothing is known of it yet
        Fingerprints.ofRun(RunLayout.of(config).data()).of(DataFiles.path(base().toString()));
        assertTrue(Files.exists(dir.resolve("run/" + Fingerprints.FILE)));
        load(config);
        flipABit();
        UserException e = assertThrows(UserException.class, () -> load(config));
        assertEquals(
                weights() + " is not what this run has found there before, though its length and time are the same:"
                        + " it is damaged. Copy it again from where it came",
                e.getMessage());
    }

    /** What is new by its time is another file, which stages compare by its fingerprint. */
    @Test
    void aFileThatWasReplacedIsAnotherFile() throws IOException {
        save();
        RunConfig config = run();
        Fingerprints.ofRun(RunLayout.of(config).data()).of(DataFiles.path(base().toString()));
        flipABit();
        Files.setLastModifiedTime(weights(), FileTime.from(THEN.plusSeconds(60)));
        load(config);
    }
}
