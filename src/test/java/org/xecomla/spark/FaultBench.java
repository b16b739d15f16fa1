package org.xecomla.spark;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.cli.PeoplesLine;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Faults;
import org.xecomla.files.RunFence;
import org.xecomla.files.RunLease;
import org.xecomla.spark.stage.SparkStage;
import org.xecomla.spark.stage.Stages;

/**
 * A run, stage by stage, with what its directory held before each, so that a stage can be run over and over with
 * another fault each time. All in this process, with one Spark for all.
 */
final class FaultBench implements AutoCloseable {
    /** In the order of a run. */
    static final List<String> STAGES =
            Stages.ofRun().stream().map(SparkStage::name).toList();

    private static final Pattern OWN_PROCESS = Pattern.compile("\"pid\":\\d+");
    private static final String ENDED_PROCESS = "\"pid\":" + Integer.MAX_VALUE;

    /** What came of a fault, the worst last. */
    enum Outcome {
        /** The command did not come so far this time. */
        NOT_REACHED,
        /** The command went on, and its result is that of the undisturbed run. */
        UNHARMED,
        /** The process ended; the same command made the result of the undisturbed run. */
        KILLED_THEN_SAME,
        /** The command ended with a line for people; the same command made the result of the undisturbed run. */
        NAMED_THEN_SAME,
        /** The same command ended with a line for people, too: something is to be mended or removed first. */
        REFUSED,
        /** A bit of a checkpoint or a text flipped while it was read: such files have no checksums. */
        FOREIGN,
        /** A stack trace, or a line that does not name the file. */
        UNCLEAR,
        /** Another result, and nobody said so. */
        WRONG
    }

    /** @param says the line for people, or what differs */
    record Result(Outcome outcome, String says) {}

    private final Path work;
    private final Path run;
    private final Map<String, String> settings;
    private final JavaSparkContext spark;
    private final Map<String, List<Faults.Place>> places = new HashMap<>();
    private final Map<String, Map<String, String>> expected = new HashMap<>();
    private final Map<String, Result> results = new HashMap<>();

    /**
     * @param work of this bench alone
     * @param run {@code run.dir} of {@code settings}, as this machine names it
     */
    FaultBench(Path work, Path run, Map<String, String> settings) {
        this.work = work;
        this.run = run;
        this.settings = settings;
        // One task at a time, so that operations come in the same order; each twice at most, as on a cluster.
        SparkConf conf = new SparkConf(true).setMaster("local[1,2]").setAppName("faults");
        this.spark = new Kept(new SparkContext(conf));
    }

    /** Is closed by its bench and by no run. */
    private static final class Kept extends JavaSparkContext {
        Kept(SparkContext context) {
            super(context);
        }

        @Override
        public void stop() {
            // others will use it
        }
    }

    /** Runs all stages undisturbed and counts their operations. */
    void measure() throws IOException {
        for (String stage : STAGES) {
            copyAll(run, before(stage));
            Faults.OF_PROCESS.watch(work.toString());
            runStage(stage);
            places.put(stage, Faults.OF_PROCESS.places());
            Faults.OF_PROCESS.end();
            expected.put(stage, RunContents.of(run));
        }
    }

    List<Faults.Place> places(String stage) {
        return places.get(stage);
    }

    private Path before(String stage) {
        return work.resolveSibling("before-" + work.getFileName()).resolve(stage);
    }

    private void runStage(String stage) {
        new Pipeline(RunConfig.ofOverrides(settings), "test", line -> {}, conf -> spark).run(Stages.named(stage));
    }

    /** Puts the run's directory to where {@code stage} begins. */
    void rewind(String stage) throws IOException {
        DataFiles.delete(DataFiles.path(run.toString()));
        copyAll(before(stage), run);
    }

    /** Runs {@code stage} with a fault, then once more without. */
    Result inject(String stage, FaultCase fault) throws Exception {
        Faults.Place place = fault.place();
        rewind(stage);
        Faults.OF_PROCESS.watch(work.toString());
        Faults.OF_PROCESS.arm(place, fault.kind());
        Throwable first = attempt(stage);
        boolean hit = Faults.OF_PROCESS.hasHit();
        boolean killed = Faults.OF_PROCESS.isDead();
        awaitQuiet();
        Faults.OF_PROCESS.end();
        if (!hit) {
            return new Result(Outcome.NOT_REACHED, "");
        }
        if (first != null) {
            buryHolder(place);
        }
        Result again = RunContents.isOfAttempt(place.file()) ? again(stage) : againOnce(stage);
        if (again.outcome != Outcome.UNHARMED || first == null) {
            boolean foreign = fault.kind() == Faults.Kind.FLIP && !place.file().startsWith("/" + run.getFileName());
            return foreign && again.outcome == Outcome.WRONG ? new Result(Outcome.FOREIGN, again.says) : again;
        }
        if (killed) {
            return new Result(Outcome.KILLED_THEN_SAME, "");
        }
        String line = PeoplesLine.of(first);
        boolean clear = line != null && line.contains(work.toString());
        return clear ? new Result(Outcome.NAMED_THEN_SAME, line) : new Result(Outcome.UNCLEAR, trace(first));
    }

    /** {@link #again}, or what it was on the same files before: what a command makes depends on nothing else. */
    private Result againOnce(String stage) throws IOException {
        String state = stage + RunContents.state(work);
        Result known = results.get(state);
        if (known == null) {
            known = again(stage);
            results.put(state, known);
        }
        return known;
    }

    /** Runs {@code stage} undisturbed on what is there; {@link Outcome#UNHARMED} where the result is right. */
    Result again(String stage) throws IOException {
        Throwable failure = attempt(stage);
        if (failure != null) {
            String line = PeoplesLine.of(failure);
            return line == null ? new Result(Outcome.UNCLEAR, trace(failure)) : new Result(Outcome.REFUSED, line);
        }
        String difference = RunContents.difference(expected.get(stage), RunContents.of(run));
        return difference.isEmpty() ? new Result(Outcome.UNHARMED, "") : new Result(Outcome.WRONG, difference);
    }

    private static String trace(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return PeoplesLine.of(thrown) + "\n" + text;
    }

    private Throwable attempt(String stage) {
        try {
            runStage(stage);
            return null;
        } catch (Throwable e) { // a killed process throws an Error
            return e;
        }
    }

    /** The tasks of an attempt that has failed may not write into the next. */
    private void awaitQuiet() throws InterruptedException {
        spark.sc().cancelAllJobs();
        while (Stream.of(spark.sc().statusTracker().getExecutorInfos()).anyMatch(e -> e.numRunningTasks() > 0)) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    /**
     * The process that took the lease has ended, in truth it is this one. To take it over costs half a second: it is
     * done where it matters.
     */
    private void buryHolder(Faults.Place place) throws IOException {
        Path lease = run.resolve(RunLease.FILE);
        if (!Files.exists(lease)) {
            return;
        }
        if (place.file().endsWith(RunLease.FILE) || place.file().endsWith(RunFence.FILE)) {
            Files.writeString(
                    lease, OWN_PROCESS.matcher(Files.readString(lease)).replaceFirst(ENDED_PROCESS));
        } else {
            Files.delete(lease);
        }
    }

    private static void copyAll(Path from, Path to) throws IOException {
        if (!Files.exists(from)) {
            return;
        }
        try (Stream<Path> files = Files.walk(from)) {
            files.forEach(file -> {
                try {
                    Path copy = to.resolve(from.relativize(file).toString());
                    if (Files.isDirectory(file)) {
                        Files.createDirectories(copy);
                    } else {
                        Files.copy(file, copy);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    @Override
    public void close() {
        spark.sc().stop();
    }
}
