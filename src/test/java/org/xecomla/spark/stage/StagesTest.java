package org.xecomla.spark.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.run.RunCheck;
import org.xecomla.run.RunLayout;
import org.xecomla.spark.TinyRun;

/** The list of stages, and what is made of it elsewhere. */
class StagesTest {
    private static final Path AIRFLOW = Path.of("submit/airflow/xecomla_stages.py");
    private static final Pattern ENTRY = Pattern.compile("\"(\\w+)\": \\[([^\\]]*)\\]");

    @Test
    void everyStageReadsWhatEarlierOnesHaveMade() {
        Set<String> made = new HashSet<>();
        for (SparkStage stage : Stages.all()) {
            assertTrue(made.containsAll(stage.inputs()), stage + " reads " + stage.inputs() + ", there is " + made);
            assertTrue(made.add(stage.name()), "twice: " + stage);
        }
        List<String> ofRun = Stages.ofRun().stream().map(SparkStage::name).toList();
        assertEquals(List.of("shard", "teacher", "init", "distill", "dpo", "eval", "export", "report"), ofRun);
    }

    @Test
    void anUnknownStageIsRefusedWithThoseThatThereAre() {
        UserException e = assertThrows(UserException.class, () -> Stages.named("shard", "train"));
        assertTrue(e.getMessage().startsWith("there is no stage train, only shard, teacher, "), e.getMessage());
    }

    /** What no format holds is said before shards and targets are made, with the way out. */
    @ParameterizedTest
    @CsvSource({"aligned, rope-rows, strongest", "phased, rope-slots, own"})
    void frequenciesOfEveryLayersOwnHaveNoStockExport(String method, String key, String value, @TempDir Path dir)
            throws Exception {
        Map<String, String> settings = new TreeMap<>(TinyRun.in(dir).settings("run", 1));
        settings.put("upcycle.method", method);
        settings.put("upcycle." + key, value);
        SparkStage export = Stages.named("export").get(0);
        export.check(new RunCheck(RunConfig.ofOverrides(settings)));
        settings.put("export.format", "deepseek-v3");
        UserException e =
                assertThrows(UserException.class, () -> export.check(new RunCheck(RunConfig.ofOverrides(settings))));
        assertEquals(
                "export.format = deepseek-v3 cannot hold the rope frequencies that upcycle." + key + " = " + value
                        + " gives every layer: set export.format = native, or leave that out",
                e.getMessage());
        settings.put("upcycle.qk-rope-head-dim", "8"); // all of the base's planes
        settings.put("upcycle.rope-slots", "servable");
        export.check(new RunCheck(RunConfig.ofOverrides(settings)));
    }

    /** Airflow's tasks follow each other as the stages do, and wait for the same directories. */
    @Test
    void airflowsListIsThisOne() throws IOException {
        RunLayout layout = new RunLayout(DataFiles.path("/run"));
        Map<String, List<String>> expected = new TreeMap<>();
        List<String> order = new ArrayList<>();
        for (SparkStage stage : Stages.ofRun()) {
            List<String> directories = stage.outputs(layout).stream()
                    .map(output -> output.path().toUri().getPath().substring("/run/".length()))
                    .toList();
            if (!directories.isEmpty()) {
                expected.put(stage.name(), directories);
                order.add(stage.name());
            }
        }
        Map<String, List<String>> found = new TreeMap<>();
        List<String> foundOrder = new ArrayList<>();
        String python = Files.readString(AIRFLOW);
        Matcher entry = ENTRY.matcher(python);
        while (entry.find()) {
            foundOrder.add(entry.group(1));
            found.put(
                    entry.group(1),
                    Arrays.stream(entry.group(2).split(", "))
                            .map(name -> name.replace("\"", ""))
                            .toList());
        }
        assertEquals(expected, found);
        // Preferences are named first and unpacked in their place.
        foundOrder.remove("dpo");
        assertTrue(python.indexOf("\"distill\":") < python.indexOf("**PREFERENCES"), python);
        assertTrue(python.indexOf("**PREFERENCES") < python.indexOf("\"eval\":"), python);
        order.remove("dpo");
        assertEquals(order, foundOrder);
    }
}
