package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.corpus.stories.StoryGrammar;
import org.xecomla.files.Faults;
import org.xecomla.files.FaultyFileSystem;

/**
 * Every operation on files of every stage meets every fault; afterwards the same command makes the bytes of the
 * undisturbed run, or says a line for people. {@code src/main/scripts/faults} runs them all, continuous integration
 * every {@code faults.stride}-th.
 */
@Tag("faults")
class FaultRingTest {
    private static final int STRIDE = Integer.getInteger("faults.stride", 40);
    private static final String STAGE = System.getProperty("faults.stage", "");
    private static final int NUM_STORIES = 10;
    private static final int NUM_PAIRS = 10;

    @RegisterExtension
    static final SparkProperties SPARK = new SparkProperties("local[1,2]");

    @TempDir
    Path dir;

    private final Map<String, String> settings = new TreeMap<>();

    /** The smallest run that has everything; its files are named by {@code scheme}. */
    private FaultBench bench(String scheme) throws Exception {
        Path work = Files.createDirectories(dir.resolve("work"));
        settings.putAll(TinyRun.in(work).settings("run", 1));
        shorten(work.resolve("train.jsonl"), NUM_STORIES);
        shorten(work.resolve("valid.jsonl"), 3);
        writePairs(work.resolve("pairs.jsonl"), 0, NUM_PAIRS);
        writePairs(work.resolve("held-out.jsonl"), NUM_PAIRS, NUM_PAIRS + 2);
        settings.put("corpus.sequences-per-shard", "80");
        settings.put("distill.tokens", Integer.toString(4 * 6 * TinyRun.SEQUENCE_LENGTH));
        settings.put("distill.checkpoint-every", "2");
        settings.put("dpo.train", "[\"" + work.resolve("pairs.jsonl") + "\"]");
        settings.put("dpo.valid", "[\"" + work.resolve("held-out.jsonl") + "\"]");
        settings.put("dpo.batch-pairs", "5");
        settings.put("dpo.checkpoint-every", "1");
        settings.put("run.lease-timeout", "4");
        settings.put("compute.threads", "1");
        settings.replaceAll((key, value) -> value.replace(work.toString(), scheme + work));
        return new FaultBench(work, work.resolve("run"), settings);
    }

    private static void shorten(Path file, int lines) throws Exception {
        Files.write(file, Files.readAllLines(file).subList(0, lines));
    }

    private static void writePairs(Path file, int from, int to) throws Exception {
        StoryGrammar grammar = new StoryGrammar(1);
        List<String> pairs = new ArrayList<>();
        for (int i = from; i < to; i++) {
            StoryGrammar.Fork fork = grammar.fork(i);
            pairs.add(new ObjectMapper()
                    .writeValueAsString(
                            Map.of("prompt", fork.common(), "chosen", fork.happy(), "rejected", fork.unhappy())));
        }
        Files.write(file, pairs);
    }

    @Test
    void thisMachinesFiles() throws Exception {
        everyStride("");
    }

    @Test
    void filesOfACluster() throws Exception {
        FaultyFileSystem.register();
        everyStride("faulty:");
    }

    private void everyStride(String scheme) throws Exception {
        FaultTable table = new FaultTable();
        try (FaultBench bench = bench(scheme)) {
            bench.measure();
            int number = 0;
            for (String stage : FaultBench.STAGES) {
                table.places(stage, bench.places(stage).size());
                for (Faults.Place place : bench.places(stage)) {
                    for (Faults.Kind kind : Faults.Kind.values()) {
                        boolean wanted = STAGE.isEmpty() || STAGE.equals(stage);
                        if (kind.hits(place.operation()) && number++ % STRIDE == 0 && wanted) {
                            table.add(stage, place, kind, bench.inject(stage, place, kind));
                        }
                    }
                }
            }
        }
        System.out.println((scheme.isEmpty() ? "local files, " : "cluster's files, ") + table);
        assertEquals(List.of(), table.failures());
    }

    /** A few of the kills by a process of its own that really ends. */
    @Test
    void realProcesses() throws Exception {
        try (FaultBench bench = bench("")) {
            bench.measure();
            for (Map.Entry<String, Faults.Operation> kill : Map.of(
                            "teacher", Faults.Operation.RENAME,
                            "distill", Faults.Operation.WRITE,
                            "export", Faults.Operation.DELETE)
                    .entrySet()) {
                String stage = kill.getKey();
                List<Faults.Place> places = bench.places(stage).stream()
                        .filter(place -> place.operation() == kill.getValue())
                        .toList();
                Faults.Place place = places.get(places.size() / 2);
                bench.rewind(stage);
                assertEquals(128 + 9, killedAt(place, stage), stage);
                FaultBench.Result result = bench.again(stage);
                assertEquals(FaultBench.Outcome.UNHARMED, result.outcome(), result::says);
            }
        }
    }

    private int killedAt(Faults.Place place, String stage) throws Exception {
        List<String> words =
                new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-javaagent"))
                .forEach(words::add);
        Map<String, String> properties = new HashMap<>(Map.of("spark.master", "local[1]", "spark.ui.enabled", "false"));
        properties.put("faults.root", dir.resolve("work").toString());
        properties.put("faults.operation", place.operation().name());
        properties.put("faults.number", Integer.toString(place.number()));
        properties.put("faults.kind", Faults.Kind.KILL_BEFORE.name());
        properties.forEach((key, value) -> words.add("-D" + key + "=" + value));
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), "org.xecomla.cli.Main", "stage", stage));
        settings.forEach((key, value) -> words.addAll(List.of("-D", key + "=" + value)));
        File log = dir.resolve(stage + ".log").toFile();
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        int code = process.waitFor();
        assertTrue(Files.exists(dir.resolve("work/run/_LEASE.json")), () -> "it was killed: " + log);
        assertFalse(Files.exists(dir.resolve("work/run").resolve(stage).resolve("_SUCCESS")));
        return code;
    }
}
