package org.xecomla.formats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** A checkpoint larger than the Java heap is loaded and saved, tensor by tensor. */
class LargeCheckpointTest {
    private static final int HEAP_MIB = 40;

    @TempDir
    java.nio.file.Path temporary;

    private static ModelConfig model() {
        AttentionConfig mla = new AttentionConfig.Mla(8, 0, 64, 32, 16, 32, false, true, RopeScaling.NONE, 0.1);
        return new ModelConfig(256, 1024, 20_000, 128, 1e-5, 1e4, false, -1, -1, Collections.nCopies(2, mla));
    }

    @Test
    @Tag("slow")
    void loadsAndSavesWithASmallHeap() throws IOException, InterruptedException {
        Path original = DataFiles.path(temporary + "/original");
        try (ParameterStore weights = Tensors.zeros(Models.layout(model()), ElementType.FLOAT)) {
            assertTrue(
                    weights.layout().numParameters() * 4 > (HEAP_MIB << 20), "the checkpoint is larger than the heap");
            for (String name : weights.layout().places().keySet()) {
                Tensor tensor = weights.get(name);
                for (int row = 0; row < tensor.rows(); row += 17) {
                    tensor.set(row, row % tensor.cols(), row + 1);
                }
            }
            ModelDirectory.save(original, model(), weights, new SaveOptions(Dtype.F32, 30_000_000, Optional.empty()));
        }
        String launcher = System.getProperty("java.home") + "/bin/java";
        Process child = new ProcessBuilder(List.of(
                        launcher,
                        "-Xmx" + HEAP_MIB + "m",
                        "-XX:TieredStopAtLevel=1",
                        "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                        "-Dorg.bytedeco.javacpp.maxbytes=0",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LargeCheckpointTest.class.getName(),
                        temporary.toString()))
                .redirectErrorStream(true)
                .start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(child.waitFor(1, TimeUnit.MINUTES), output);
        assertEquals(0, child.exitValue(), output);
        List<Path> files = DataFiles.list(original);
        assertEquals(4, files.size(), files.toString());
        for (Path file : files) {
            assertEquals(DataFiles.sha256(file), DataFiles.sha256(new Path(temporary + "/copy", file.getName())));
        }
    }

    /** What the child process runs. */
    public static void main(String[] arguments) {
        ModelDirectory model = ModelDirectory.open(DataFiles.path(arguments[0] + "/original"));
        try (ParameterStore weights = Tensors.zeros(Models.layout(model.config()), ElementType.FLOAT)) {
            model.load(weights);
            ModelDirectory.save(
                    DataFiles.path(arguments[0] + "/copy"),
                    model.config(),
                    weights,
                    new SaveOptions(Dtype.F32, 30_000_000, Optional.empty()));
        }
    }
}
