package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.spark.stage.Stages;

/** The whole pipeline with {@code compute.kernels = torch}, by two replicas of one thread each in one JVM. */
@Tag("torch")
class TorchPipelineTest {
    @RegisterExtension
    static final SparkProperties SPARK = new SparkProperties();

    @TempDir
    static Path dir;

    private static TinyRun tiny;

    private final List<String> lines = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        tiny = TinyRun.in(dir);
    }

    private RunConfig run(String name, String kernels) {
        Map<String, String> settings = tiny.settings(name, 2);
        settings.put("compute.kernels", kernels);
        settings.put("compute.threads", "1");
        RunConfig config = RunConfig.ofOverrides(settings);
        lines.clear();
        new Pipeline(config, "submit/xecomla run", lines::add).run(Stages.ofRun());
        return config;
    }

    private static double studentKl(String name) throws Exception {
        return new ObjectMapper()
                .readTree(dir.resolve(name).resolve("eval/result.json").toFile())
                .at("/models/2/kl_to_teacher")
                .asDouble();
    }

    @Test
    void aRunEndsWhereThatOnTheProcessorsKernelsDoesAndGoesOnBitForBit() throws Exception {
        float[] cpu = TinyRun.studentWeights(run("cpu", "cpu"));
        float[] torch = TinyRun.studentWeights(run("torch", "torch"));
        assertTrue(!Arrays.equals(cpu, torch), "other kernels round otherwise");
        double expected = studentKl("cpu");
        assertNotEquals(0, expected);
        assertEquals(expected, studentKl("torch"), 0.01 * expected);

        // As if the driver had died after the third checkpoint of four.
        for (String later : List.of("eval", "export", "distill/step-000024")) {
            DataFiles.delete(DataFiles.path(dir.resolve("torch").resolve(later).toString()));
        }
        Files.delete(dir.resolve("torch/distill/_SUCCESS"));
        RunConfig again = run("torch", "torch");
        assertTrue(lines.contains("distill  goes on from step 18"), String.join("\n", lines));
        assertArrayEquals(torch, TinyRun.studentWeights(again), 0);
    }
}
