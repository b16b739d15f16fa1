package org.xecomla.spark.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.FaultOrder;
import org.xecomla.files.Faults;
import org.xecomla.files.Faults.Operation;
import org.xecomla.files.RunStatus;
import org.xecomla.spark.stage.SparkStage;
import org.xecomla.spark.stage.Stages;

/** A run that is brought to its end, whatever happens to it: the same command is given again and again. */
final class ChaosRun {
    private static final List<String> STAGES =
            Stages.ofRun().stream().map(SparkStage::name).toList();
    private static final Set<Operation> CHANGES =
            Arrays.stream(Operation.values()).filter(Operation::changes).collect(Collectors.toSet());
    private static final List<Faults.Kind> KILLS =
            List.of(Faults.Kind.KILL_BEFORE, Faults.Kind.KILL_AFTER, Faults.Kind.TEAR);
    private static final int MAX_FAILURES = 5;
    private static final int ORDER_PATIENCE_MILLIS = 4000;
    private static final int FULL_MILLIS = 1500;
    private static final int FROZEN_MILLIS = 1500;
    private static final int FROZEN_TOO_LONG_MILLIS = 13_000; // more than distill.replica-timeout
    private static final int MAX_SKEW_SECONDS = 7 * 86_400;
    private static final Map<String, String> AS_THEY_ARE = Map.of();

    /** What is to happen next, and in which stage. */
    record Plan(ChaosKind kind, String stage) {}

    private final ChaosMachine machine;
    private final String name;
    private final boolean executors;
    private final Random random;
    private final Map<String, Long> stageMillis;
    private final List<ChaosTable.Event> events = new ArrayList<>();
    private final List<String> unclear = new ArrayList<>();
    private ChaosDriver driver;
    private ChaosTable.Event last; // null: nothing has happened to this driver

    /** @param stageMillis how long a stage takes about: events come at any time up to that */
    ChaosRun(ChaosMachine machine, String name, boolean executors, Random random, Map<String, Long> stageMillis) {
        this.machine = machine;
        this.name = name;
        this.executors = executors;
        this.random = random;
        this.stageMillis = stageMillis;
    }

    /** What has happened. */
    List<ChaosTable.Event> events() {
        return events;
    }

    /** What drivers said that was not for people. */
    List<String> unclear() {
        return unclear;
    }

    /** Draws stages for {@code kinds}, in the order of a run. */
    static List<Plan> plan(List<ChaosKind> kinds, Random random) {
        return kinds.stream()
                .map(kind -> new Plan(
                        kind,
                        kind == ChaosKind.KILLED_IN_CHECKPOINT
                                ? List.of("distill", "distill", "dpo").get(random.nextInt(3))
                                : STAGES.get(random.nextInt(STAGES.size()))))
                .sorted(Comparator.comparing(plan -> STAGES.indexOf(plan.stage())))
                .toList();
    }

    /** Runs to the end; what of {@code plans} does not fit in before is left there. */
    void play(Deque<Plan> plans) throws Exception {
        driver = start(false);
        int failures = 0;
        while (true) {
            if (!plans.isEmpty() && reach(plans)) {
                happen(plans.poll());
                continue;
            }
            int code = driver.awaitEnd();
            settle(code);
            if (code == 0) {
                return;
            }
            failures = last == null ? failures + 1 : 0;
            if (failures > MAX_FAILURES) {
                throw new AssertionError("the run fails by itself, over and over: " + driver.output());
            }
            last = null;
            driver = start(false);
        }
    }

    private ChaosDriver start(boolean elsewhere) throws IOException {
        return machine.start(name, executors, elsewhere, AS_THEY_ARE);
    }

    /** The last event was why the driver has ended so. */
    private void settle(int code) {
        ChaosTable.Outcome outcome = outcomeOf(driver, code);
        if (last != null && outcome != ChaosTable.Outcome.WENT_ON) {
            last.ledTo(outcome);
        }
    }

    private ChaosTable.Outcome outcomeOf(ChaosDriver ended, int code) {
        if (code == 0) {
            return ChaosTable.Outcome.WENT_ON;
        }
        if (code == ChaosDriver.KILLED) {
            return ChaosTable.Outcome.KILLED;
        }
        if (code == 1 && ended.endedByALine()) {
            return ChaosTable.Outcome.NAMED;
        }
        unclear.add(name + ", exit code " + code + ": " + ended.output());
        return ChaosTable.Outcome.UNCLEAR;
    }

    /** Waits for a moment in the next stage of {@code plans} or behind it; false where the driver has ended before. */
    private boolean reach(Deque<Plan> plans) throws InterruptedException {
        String stage = plans.peek().stage();
        long numHere = plans.stream().filter(plan -> plan.stage().equals(stage)).count();
        ChaosDriver waiting = driver;
        if (!waiting.awaitUnlessEnded(() -> reached(waiting, machine.run(name), stage))) {
            return false;
        }
        int delay = random.nextInt(Math.max(1, (int) (stageMillis.get(stage) / numHere)));
        return !waiting.process().waitFor(delay, TimeUnit.MILLISECONDS);
    }

    /** Whether this very driver says that it is in {@code stage} or behind it. */
    static boolean reached(ChaosDriver driver, Path run, String stage) {
        try {
            RunStatus status = RunStatus.read(DataFiles.path(run.toString()));
            return STAGES.indexOf(status.stage()) >= STAGES.indexOf(stage)
                    && driver.output().contains("appId=" + status.appId());
        } catch (UserException none) {
            return false;
        }
    }

    private ChaosTable.Event record(ChaosKind kind, String stage) {
        last = new ChaosTable.Event(kind, stage);
        events.add(last);
        return last;
    }

    private void happen(Plan plan) throws Exception {
        switch (plan.kind()) {
            case DRIVER_KILLED -> kill(driver.jvm(), plan);
            case EXECUTOR_KILLED -> kill(anExecutor(), plan);
            case KILLED_IN_RENAME -> order(plan, Set.of(Operation.RENAME), random.nextInt(7), ".*");
            case KILLED_IN_CHECKPOINT -> order(plan, CHANGES, random.nextInt(24), ".*/(distill|dpo)/.*step-.*");
            case TWO_DRIVERS -> {
                if (random.nextInt(3) == 0) {
                    startTwo(plan);
                } else {
                    rival(plan, false, 0);
                }
            }
            case OVERSLEPT -> oversleep(plan);
            case EXECUTOR_FROZEN -> freeze(anExecutor(), plan);
            case CLOCK_SKEWED -> skew(plan);
            case DISK_FULL -> fillDisk(plan);
        }
    }

    private ProcessHandle anExecutor() {
        List<ProcessHandle> found = driver.executors();
        return found.isEmpty() ? null : found.get(random.nextInt(found.size()));
    }

    private void kill(ProcessHandle victim, Plan plan) {
        if (victim != null && victim.destroyForcibly()) {
            record(plan.kind(), plan.stage());
        }
    }

    /** Asks whoever comes to the {@code number}-th operation first to be killed there. */
    private void order(Plan plan, Set<Operation> operations, int number, String files) throws Exception {
        Faults.Kind kind = KILLS.get(random.nextInt(KILLS.size()));
        new FaultOrder(operations, number, kind, files).give(machine.order());
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ORDER_PATIENCE_MILLIS);
        driver.awaitUnlessEnded(() -> !Files.exists(machine.order()) || System.nanoTime() > deadline);
        if (!Files.deleteIfExists(machine.order())) {
            record(plan.kind(), plan.stage());
            driver.process().waitFor(FULL_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Another driver on the same run, which has to be refused. */
    private void rival(Plan plan, boolean elsewhere, long secondsAhead) throws Exception {
        ChaosDriver rival = start(elsewhere);
        rival.setClock(secondsAhead);
        ChaosTable.Event event = record(plan.kind(), plan.stage());
        event.ledTo(outcomeOf(rival, rival.awaitEnd()));
    }

    /** The driver is killed, and two that would go on with its run start at the same time. */
    private void startTwo(Plan plan) throws Exception {
        kill(driver.jvm(), plan);
        driver.awaitEnd();
        ChaosDriver one = start(false);
        ChaosDriver two = start(false);
        one.awaitUnlessEnded(() -> !two.process().isAlive());
        ChaosDriver ended = one.process().isAlive() ? two : one;
        driver = ended == one ? two : one;
        if (last != null) {
            last.ledTo(outcomeOf(ended, ended.awaitEnd()));
        }
    }

    /** The driver hangs until another has taken its run, and wakes up. */
    private void oversleep(Plan plan) throws Exception {
        ChaosDriver sleeper = driver;
        ProcessHandle jvm = sleeper.jvm();
        if (jvm == null) {
            return;
        }
        ChaosDriver.signal(jvm, "STOP");
        ChaosTable.Event event = record(plan.kind(), plan.stage());
        driver = start(true);
        driver.setClock(skewSeconds());
        driver.awaitUnlessEnded(() -> driver.output().contains("appId="));
        driver.process().waitFor(random.nextInt(FROZEN_MILLIS), TimeUnit.MILLISECONDS);
        ChaosDriver.signal(jvm, "CONT");
        event.ledTo(outcomeOf(sleeper, sleeper.awaitEnd()));
        last = null;
    }

    private void freeze(ProcessHandle victim, Plan plan) throws Exception {
        if (victim == null) {
            return;
        }
        ChaosDriver.signal(victim, "STOP");
        record(plan.kind(), plan.stage());
        boolean tooLong = random.nextInt(5) == 0;
        int millis = tooLong ? FROZEN_TOO_LONG_MILLIS : 1 + random.nextInt(FROZEN_MILLIS);
        driver.process().waitFor(millis, TimeUnit.MILLISECONDS);
        ChaosDriver.signal(victim, "CONT");
    }

    private long skewSeconds() {
        return random.nextInt(2 * MAX_SKEW_SECONDS) - MAX_SKEW_SECONDS;
    }

    /** The driver's clock is set while it runs; often another with another clock asks for its lease. */
    private void skew(Plan plan) throws Exception {
        driver.setClock(skewSeconds());
        if (random.nextBoolean() && machine.possible().contains(ChaosKind.OVERSLEPT)) {
            rival(plan, true, skewSeconds());
        } else {
            record(plan.kind(), plan.stage());
        }
    }

    private void fillDisk(Plan plan) throws Exception {
        Path ballast = machine.fill();
        record(plan.kind(), plan.stage());
        driver.process().waitFor(FULL_MILLIS, TimeUnit.MILLISECONDS);
        Files.delete(ballast);
    }
}
