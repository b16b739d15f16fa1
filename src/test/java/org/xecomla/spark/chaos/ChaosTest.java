package org.xecomla.spark.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.spark.RunContents;
import org.xecomla.spark.SubmittedRun;
import org.xecomla.spark.TinyRun;
import org.xecomla.spark.stage.SparkStage;
import org.xecomla.spark.stage.Stages;

/**
 * Small runs by real processes to which all kinds of things happen at random, over and over: each must end with the
 * bytes of the run that nobody disturbed. {@code src/main/scripts/chaos} sets how often and with what seed.
 */
@Tag("chaos")
class ChaosTest {
    private static final int NUM_EVENTS = Integer.getInteger("chaos.events", 24);
    private static final long SEED = Long.getLong("chaos.seed", 1);
    private static final int EVENTS_PER_RUN = 14;
    private static final int STEPS_OF_HANGING = 200;
    private static final int BATCH = 6;
    private static final List<String> STAGES =
            Stages.ofRun().stream().map(SparkStage::name).toList();

    @TempDir
    Path dir;

    private final Map<Boolean, Map<String, String>> expected = new HashMap<>(); // by whether executors are processes
    private final Map<Boolean, Map<String, Long>> stageMillis = new HashMap<>();
    private ChaosMachine machine;

    @BeforeEach
    void start() throws Exception {
        if (!Files.isDirectory(Path.of("target/spark/jars"))) {
            SubmittedRun.start(Map.of(), dir.resolve("version.log"), "--version")
                    .awaitEnd(0); // puts one there
        }
        machine = new ChaosMachine(Files.createDirectories(dir.resolve("machine")));
        machine.archiveClasses();
    }

    @AfterEach
    void end() throws Exception {
        machine.close();
    }

    private void reference(boolean executors, Map<String, String> others) throws Exception {
        String name = "reference-" + executors;
        ChaosDriver driver = machine.start(name, executors, false, others);
        Map<String, Long> millis = new HashMap<>();
        long last = System.nanoTime();
        for (int s = 0; s < STAGES.size(); s++) {
            String stage = STAGES.get(s);
            driver.awaitUnlessEnded(() -> ChaosRun.reached(driver, machine.run(name), stage));
            long now = System.nanoTime();
            if (s > 0) {
                millis.put(STAGES.get(s - 1), (now - last) / 1_000_000);
            }
            last = now;
        }
        assertEquals(0, driver.awaitEnd(), driver::output);
        millis.put(STAGES.get(STAGES.size() - 1), (System.nanoTime() - last) / 1_000_000);
        stageMillis.put(executors, millis);
        expected.put(executors, RunContents.of(machine.run(name)));
    }

    @Test
    void whateverHappensTheResultIsTheSame() throws Exception {
        reference(false, Map.of());
        reference(true, Map.of());
        Path log = Files.createDirectories(Path.of("target/chaos")).resolve("events-" + SEED + ".jsonl");
        Files.deleteIfExists(log);
        ChaosTable table = new ChaosTable(log);
        Random random = new Random(SEED);
        List<String> failures = new ArrayList<>();
        long start = System.nanoTime();
        for (int run = 1; table.numEvents() < NUM_EVENTS; run++) {
            boolean executors = run % 3 == 0;
            String name = "run-" + run;
            ChaosRun played = new ChaosRun(machine, name, executors, random, stageMillis.get(executors));
            Deque<ChaosRun.Plan> plans = new ArrayDeque<>(ChaosRun.plan(rarest(table, executors), random));
            played.play(plans);
            String difference = RunContents.difference(expected.get(executors), RunContents.of(machine.run(name)));
            table.add(name, played.events(), difference.isEmpty());
            if (!difference.isEmpty()) {
                failures.add(name + ", seed " + SEED + ": " + difference);
            }
            failures.addAll(played.unclear());
            if (!difference.isEmpty() || !played.unclear().isEmpty()) {
                System.out.println("chaos: " + name + ": " + difference + "\n" + String.join("\n", played.unclear()));
            }
            System.out.printf(
                    "chaos: %d events in %d runs, %d s, seed %d, not possible here: %s%n%s%n",
                    table.numEvents(), run, (System.nanoTime() - start) / 1_000_000_000, SEED, impossible(), table);
            if (difference.isEmpty()) {
                machine.remove(name);
            }
        }
        assertEquals(List.of(), failures);
    }

    private List<ChaosKind> impossible() {
        return List.of(ChaosKind.values()).stream()
                .filter(kind -> !machine.possible().contains(kind))
                .toList();
    }

    /** The kinds that have been seen least, over and over. */
    private List<ChaosKind> rarest(ChaosTable table, boolean executors) {
        Map<ChaosKind, Integer> counts = new HashMap<>();
        List<ChaosKind> kinds = new ArrayList<>();
        while (kinds.size() < EVENTS_PER_RUN) {
            ChaosKind rarest = machine.possible().stream()
                    .filter(kind -> executors || !kind.needsExecutors())
                    .filter(kind -> !executors || kind != ChaosKind.OVERSLEPT && kind != ChaosKind.DISK_FULL)
                    .min(Comparator.comparing(kind -> table.numEvents(kind) + counts.getOrDefault(kind, 0)))
                    .orElseThrow();
            counts.merge(rarest, 1, Integer::sum);
            kinds.add(rarest);
        }
        return kinds;
    }

    /** A stopped process keeps its connections open and says nothing more. */
    @Test
    void anExecutorThatHangsIsFoundByTimeOut() throws Exception {
        String tokens = Integer.toString(STEPS_OF_HANGING * BATCH * TinyRun.SEQUENCE_LENGTH);
        Map<String, String> longer = Map.of("distill.tokens", tokens, "distill.checkpoint-every", "20");
        reference(true, longer);
        ChaosDriver driver = machine.start("hanging", true, false, longer);
        Path distill = machine.run("hanging").resolve("distill");
        assertTrue(driver.awaitUnlessEnded(() -> SubmittedRun.hasCheckpoint(distill)), driver::output);
        ChaosDriver.signal(driver.executors().get(0), "STOP");
        assertEquals(0, driver.awaitEnd(), driver::output);
        assertTrue(driver.output().contains("has waited 10 s in vain for replica"), driver::output);
        assertTrue(driver.output().contains("distill  goes on from step "), driver::output);
        assertEquals("", RunContents.difference(expected.get(true), RunContents.of(machine.run("hanging"))));
    }
}
