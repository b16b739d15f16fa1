package org.xecomla.spark.driver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.hadoop.fs.Path;
import org.xecomla.averaging.Measures;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;
import org.xecomla.report.TensorBoardEvents;
import org.xecomla.train.RoundMetrics;
import org.xecomla.train.StepInterval;
import org.xecomla.train.TrainListener;
import org.xecomla.train.TrainingProgress;

/**
 * One line of JSON for every round, in files of which each ends where a checkpoint is taken: a run that goes on from a
 * checkpoint writes the later ones again, and no round is there twice. {@link #join} makes one file of them. The same
 * for TensorBoard, in {@code tensorboard/}, where the files stay apart as it likes them.
 *
 * <p>Between checkpoints, every few seconds, the rounds since the last one are in {@code open.jsonl}, and in event
 * files of their own that the next checkpoint makes one of.
 *
 * <p>It stands before the listener that saves checkpoints: what a checkpoint knows, the log does too.
 */
public final class MetricsLog implements TrainListener {
    private static final String PARTS = "metrics";
    private static final String FILE = "metrics.jsonl";
    private static final String OPEN = "open.jsonl";
    private static final long LIVE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final String TENSOR_BOARD = "tensorboard";

    private final ObjectMapper json = new ObjectMapper();
    private final Path parts;
    private final Path tensorBoard;
    private final StepInterval interval;
    private final StringBuilder lines = new StringBuilder();
    private final LongSupplier clock;
    private final long start;
    private final List<Path> liveEventParts = new ArrayList<>(); // since the last checkpoint
    private long told;
    private TensorBoardEvents events = newEvents(); // since the last checkpoint
    private TensorBoardEvents liveEvents = newEvents(); // since they were last told

    /**
     * @param directory of the run's checkpoints
     * @param everySteps as often as checkpoints are taken
     */
    public MetricsLog(Path directory, long everySteps, TrainingProgress from) {
        this(directory, everySteps, from, System::nanoTime);
    }

    /** @param clock in nanoseconds */
    MetricsLog(Path directory, long everySteps, TrainingProgress from, LongSupplier clock) {
        this.clock = clock;
        this.start = clock.getAsLong();
        this.told = start;
        this.parts = new Path(directory, PARTS);
        this.tensorBoard = new Path(directory, TENSOR_BOARD);
        this.interval = new StepInterval(everySteps, from);
        DataFiles.delete(new Path(parts, OPEN));
        deleteFrom(part(from.step() + 1));
        deleteFrom(eventsPart(from.step() + 1));
    }

    /** Rounds that no checkpoint knows of will be written again, perhaps in other parts. */
    private static void deleteFrom(Path firstPart) {
        if (DataFiles.exists(firstPart.getParent())) {
            DataFiles.list(firstPart.getParent()).stream()
                    .filter(part -> part.getName().compareTo(firstPart.getName()) >= 0)
                    .forEach(DataFiles::delete);
        }
    }

    private Path part(long step) {
        return new Path(parts, String.format(Locale.ROOT, "step-%09d.jsonl", step));
    }

    private Path eventsPart(long step) {
        return new Path(tensorBoard, String.format(Locale.ROOT, "events.out.tfevents.%010d.xecomla", step));
    }

    @Override
    public void onRound(RoundMetrics metrics, boolean last) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put(Measures.LOSS, metrics.loss());
        metrics.measures().means().forEach((name, mean) -> values.put(name, mean.value()));
        values.put("gradient_norm", metrics.gradientNorm());
        values.put("learning_rate", metrics.learningRate());
        ObjectNode line = json.createObjectNode();
        line.put("step", metrics.step());
        line.put("tokens", metrics.progress().numTokens());
        values.forEach(line::put);
        line.put("seconds_of_leg", TimeUnit.NANOSECONDS.toMillis(clock.getAsLong() - start) / 1e3);
        lines.append(line).append('\n');
        double now = System.currentTimeMillis() / 1e3;
        events.add(now, metrics.step(), values);
        liveEvents.add(now, metrics.step(), values);
        if (interval.isDue(metrics.step(), last)) {
            write(metrics.step());
        } else if (clock.getAsLong() - told >= LIVE_NANOS) {
            tell(metrics.step());
        }
    }

    /** What no checkpoint knows yet, for whoever watches: a resumed run throws it away. */
    private void tell(long step) {
        DataFiles.writeString(new Path(parts, OPEN), lines.toString());
        write(liveEvents, eventsPart(step));
        liveEventParts.add(eventsPart(step));
        liveEvents = newEvents();
        told = clock.getAsLong();
    }

    private void write(long step) {
        DataFiles.writeString(part(step), lines.toString());
        lines.setLength(0);
        DataFiles.delete(new Path(parts, OPEN));
        write(events, eventsPart(step));
        liveEventParts.forEach(DataFiles::delete);
        liveEventParts.clear();
        events = newEvents();
        liveEvents = newEvents();
        told = clock.getAsLong();
    }

    private static void write(TensorBoardEvents events, Path path) {
        byte[] file = events.toBytes();
        DataFiles.writeAtomically(path, out -> out.write(file));
    }

    private static TensorBoardEvents newEvents() {
        return new TensorBoardEvents(System.currentTimeMillis() / 1e3);
    }

    /**
     * Makes one file of all parts, in the order of steps. What an earlier call has put there stays where no part says
     * it anew: a process may have been killed while it removed the parts, or a checkpoint lost after it.
     */
    public static void join(Path directory) {
        Path parts = new Path(directory, PARTS);
        if (!DataFiles.exists(parts)) {
            return;
        }
        Path whole = new Path(directory, FILE);
        SortedMap<Long, String> lines = new TreeMap<>();
        if (DataFiles.exists(whole)) {
            add(whole, lines);
        }
        DataFiles.list(parts).forEach(part -> add(part, lines));
        StringBuilder all = new StringBuilder();
        lines.values().forEach(line -> all.append(line).append('\n'));
        DataFiles.writeString(whole, all.toString());
        DataFiles.delete(parts);
    }

    private static void add(Path file, Map<Long, String> lines) {
        StageDirectory.readAgain(file).lines().filter(line -> !line.isBlank()).forEach(line -> {
            try {
                lines.put(new ObjectMapper().readTree(line).required("step").asLong(), line);
            } catch (JsonProcessingException | IllegalArgumentException e) {
                throw new UserException(DataFiles.display(file) + " has a line that is no round: remove the file", e);
            }
        });
    }
}
