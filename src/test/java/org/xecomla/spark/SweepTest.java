package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.report.Frontier;
import org.xecomla.spark.stage.SparkStage;
import org.xecomla.spark.stage.Stages;

/** Two tiny runs as one job, and a third that joins them. */
@Tag("spark")
class SweepTest {
    private static final List<SparkStage> STAGES = Stages.named("shard", "sweep");

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

    private static RunConfig config(String name, String budgets) {
        Map<String, String> settings = tiny.settings(name, 2);
        settings.put("upcycle.qk-rope-head-dim", "4");
        settings.put("upcycle.method", "xecomla");
        settings.put("sweep.kv-budgets", budgets);
        return RunConfig.ofOverrides(settings);
    }

    private Frontier sweep(RunConfig config) throws Exception {
        new Pipeline(config, "submit/xecomla run", lines::add).run(STAGES);
        return Frontier.fromJson(Files.readString(Path.of(config.run().dir(), "frontier", Frontier.FILE)));
    }

    @Test
    void finishedRunsAreKeptAndTheOthersMade() throws Exception {
        Frontier two = sweep(config("sweep", "[50%, 6]"));
        assertEquals(
                List.of("kv50", "rank6"),
                two.runs().stream().map(Frontier.Run::name).toList());
        assertEquals(64, two.base().kvElements());
        assertEquals(32, two.runs().get(0).distilled().kvElements());
        assertEquals(20, two.runs().get(1).distilled().kvElements());
        for (Frontier.Run run : two.runs()) {
            assertTrue(run.distilled().kl() < 0.8 * run.start().kl(), run::toString);
            assertTrue(Files.exists(dir.resolve("sweep/sweep/" + run.name() + "/_SUCCESS")));
        }
        assertTrue(Files.readString(dir.resolve("sweep/frontier/frontier.svg")).contains("KL to the teacher"));
        assertTrue(String.join("\n", lines).contains("rank6"), lines::toString);

        Path manifest = dir.resolve("sweep/sweep/kv50/manifest.json");
        Object made = Files.getLastModifiedTime(manifest);
        Files.delete(dir.resolve("sweep/sweep/rank6/_SUCCESS")); // as if it had been stopped before its last word
        Frontier three = sweep(config("sweep", "[50%, 6, 25%]"));
        assertEquals(two.runs(), three.runs().subList(0, 2));
        assertEquals(3, three.runs().size());
        assertEquals(made, Files.getLastModifiedTime(manifest));
        assertTrue(Files.exists(dir.resolve("sweep/sweep/rank6/_SUCCESS")));

        assertEquals(two, sweep(config("again", "[50%, 6]")), "the same configuration gives the same figures");
    }

    @Test
    void valuesThatCannotBeAreRefusedBeforeSparkStarts() {
        ConfigException tooMuch = assertThrows(ConfigException.class, () -> sweep(config("wrong", "[50%, 600]")));
        assertTrue(tooMuch.getMessage().contains("upcycle.kv-lora-rank = 600"), tooMuch.getMessage());
        ConfigException nothing = assertThrows(ConfigException.class, () -> sweep(config("wrong", "[]")));
        assertTrue(nothing.getMessage().startsWith("nothing to sweep"), nothing.getMessage());
        assertTrue(lines.isEmpty(), lines::toString);
    }
}
