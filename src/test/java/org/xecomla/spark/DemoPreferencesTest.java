package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.spark.stage.Stages;
import org.xecomla.train.preference.PreferenceResult;

/** The demo with its preferences, shorter: what it learns on held-out pairs, and what that costs on held-out text. */
@Tag("spark")
class DemoPreferencesTest {
    private static final double MOST_GROWTH = 1.05;

    @TempDir
    private Path dir;

    @BeforeAll
    static void start() {
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
    }

    @AfterAll
    static void stop() {
        System.clearProperty("spark.master");
        System.clearProperty("spark.ui.enabled");
    }

    @Test
    void happyEndsArePreferredAndTheTextIsKept() throws Exception {
        List<String> lines = new ArrayList<>();
        RunConfig config = RunConfig.load(
                "conf/demo-dpo.conf",
                Map.of("run.dir", dir.toString(), "distill.tokens", "200000", "eval.max-windows", "60"));
        new Pipeline(config, "test", lines::add).run(Stages.ofRun());

        PreferenceResult preferences =
                PreferenceResult.fromJson(Files.readString(dir.resolve("eval-preferences/preferences.json")));
        JsonNode models = new ObjectMapper()
                .readTree(dir.resolve("eval/result.json").toFile())
                .get("models");
        double before = models.get(2).get("perplexity").asDouble();
        double after = models.get(3).get("perplexity").asDouble();
        String found = String.format(
                Locale.ROOT,
                "preferences: margin 0 to %.3f, accuracy %.1f %% on %d held-out pairs, held-out perplexity %.4f to %.4f"
                        + " (%+.2f %%)",
                preferences.margin(),
                100 * preferences.accuracy(),
                preferences.numPairs(),
                before,
                after,
                100 * (after / before - 1));
        System.out.println(found);
        assertTrue(preferences.margin() > 0, found);
        assertTrue(preferences.accuracy() > 0.8, found);
        assertTrue(after < MOST_GROWTH * before, found);
    }
}
