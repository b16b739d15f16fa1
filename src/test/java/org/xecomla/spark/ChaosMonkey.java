package org.xecomla.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RunStatus;
import org.xecomla.spark.stage.SparkStage;
import org.xecomla.spark.stage.Stages;

/**
 * Runs a command to its end while it kills its driver and executors at random moments of every stage, by
 * {@code kill -9}. The command is given again whenever its driver has died or it has failed. What is drawn follows from
 * the seed, and every kill is a line of JSON.
 */
final class ChaosMonkey {
    /** The stages of its runs: they have no preferences. */
    static final List<String> STAGES = Stages.ofRun().stream()
            .map(SparkStage::name)
            .filter(name -> !name.equals("dpo"))
            .toList();

    private static final double DRIVER_SHARE = 0.4;
    private static final int MAX_FAILURES = 5;
    private static final int KILLED = 128 + 9;

    private final Random random;
    private final Path log;
    private final Map<String, Long> stageMillis;
    private final ObjectMapper json = new ObjectMapper();
    private final Set<String> stagesHit = new HashSet<>();
    private int numKills;
    private int numRestarts;

    /** How a command is started, again and again. */
    @FunctionalInterface
    interface Starter {
        SubmittedRun start() throws IOException;
    }

    /**
     * @param log receives a line a kill, appended
     * @param stageMillis how long each stage takes about: kills come at any time up to that
     */
    ChaosMonkey(long seed, Path log, Map<String, Long> stageMillis) {
        this.stageMillis = stageMillis;
        this.random = new Random(seed);
        this.log = log;
    }

    int numKills() {
        return numKills;
    }

    int numRestarts() {
        return numRestarts;
    }

    /** Stages in which something was killed. */
    Set<String> stagesHit() {
        return stagesHit;
    }

    /** Waits for the end of a run that is not disturbed; returns how long each of its stages took. */
    static Map<String, Long> timeStages(SubmittedRun run, Path directory) throws Exception {
        Map<String, Long> millis = new HashMap<>();
        long last = System.nanoTime();
        for (int s = 0; s < STAGES.size(); s++) {
            String stage = STAGES.get(s);
            run.awaitUnlessEnded(() -> reached(run, directory, stage));
            long now = System.nanoTime();
            if (s > 0) {
                millis.put(STAGES.get(s - 1), (now - last) / 1_000_000);
            }
            last = now;
        }
        run.awaitEnd(0);
        millis.put(STAGES.get(STAGES.size() - 1), (System.nanoTime() - last) / 1_000_000);
        return millis;
    }

    /**
     * Runs the command to its end with at most {@code kills} kills: one in each stage that was not hit yet, the others
     * in stages that are drawn.
     *
     * @param directory of the run
     */
    void run(Starter starter, Path directory, int kills) throws Exception {
        List<String> plan = plan(kills);
        SubmittedRun run = starter.start();
        int failures = 0;
        while (true) {
            if (!plan.isEmpty() && strike(run, directory, plan)) {
                continue;
            }
            int code = run.awaitEnd();
            if (code == 0) {
                return;
            }
            failures = code == KILLED ? 0 : failures + 1;
            if (failures > MAX_FAILURES) {
                throw new AssertionError("the run fails by itself, over and over: " + run.output());
            }
            numRestarts++;
            run = starter.start();
        }
    }

    private List<String> plan(int kills) {
        List<String> all = STAGES;
        List<String> missing =
                all.stream().filter(stage -> !stagesHit.contains(stage)).toList();
        List<String> plan = new ArrayList<>(missing.subList(0, Math.min(kills, missing.size())));
        while (plan.size() < kills) {
            plan.add(random.nextBoolean() ? "distill" : all.get(random.nextInt(all.size())));
        }
        plan.sort(Comparator.comparing(STAGES::indexOf));
        return plan;
    }

    /** Kills what is next in {@code plan}; false when the command has ended or was killed. */
    private boolean strike(SubmittedRun run, Path directory, List<String> plan) throws Exception {
        String wanted = plan.get(0);
        boolean there = run.awaitUnlessEnded(() -> reached(run, directory, wanted));
        if (!there) {
            return false;
        }
        int delay = random.nextInt(Math.max(1, stageMillis.get(wanted).intValue()));
        if (run.process().waitFor(delay, TimeUnit.MILLISECONDS)) {
            return false;
        }
        boolean driver = random.nextDouble() < DRIVER_SHARE;
        List<ProcessHandle> executors = run.executors();
        ProcessHandle victim = driver || executors.isEmpty()
                ? run.process().toHandle()
                : executors.get(random.nextInt(executors.size()));
        String stage = status(directory).stage();
        plan.remove(0);
        if (!victim.destroyForcibly()) {
            return run.process().isAlive();
        }
        record(directory, stage, victim.pid() == run.process().pid() ? "driver" : "executor", victim.pid(), delay);
        return victim.pid() != run.process().pid();
    }

    /** Whether this very process says that it is in stage {@code wanted} or behind it. */
    private static boolean reached(SubmittedRun run, Path directory, String wanted) {
        RunStatus status = status(directory);
        return status != null
                && STAGES.indexOf(status.stage()) >= STAGES.indexOf(wanted)
                && run.output().contains("appId=" + status.appId());
    }

    private static RunStatus status(Path directory) {
        try {
            return RunStatus.read(DataFiles.path(directory.toString()));
        } catch (UserException none) {
            return null;
        }
    }

    private void record(Path directory, String stage, String victim, long pid, int delay) throws IOException {
        numKills++;
        stagesHit.add(stage);
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("kill", numKills);
        line.put("run", directory.getFileName().toString());
        line.put("stage", stage);
        line.put("victim", victim);
        line.put("pid", pid);
        line.put("millis", delay);
        Files.writeString(
                log, json.writeValueAsString(line) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
