package org.xecomla.spark.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.averaging.Measures;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.train.RoundMetrics;
import org.xecomla.train.TrainingProgress;

/** The log of a training stage, whenever its process is killed. */
class MetricsLogTest {
    @TempDir
    java.nio.file.Path temporary;

    private Path file(String name) {
        return DataFiles.path(temporary.resolve(name).toString());
    }

    private static String round(int step) {
        return "{\"step\":" + step + ",\"loss\":" + step + ".5}\n";
    }

    private void writePart(int... steps) {
        StringBuilder text = new StringBuilder();
        for (int step : steps) {
            text.append(round(step));
        }
        DataFiles.writeString(file("metrics/step-00000000" + steps[steps.length - 1] + ".jsonl"), text.toString());
    }

    private String joined() {
        MetricsLog.join(file(""));
        return DataFiles.readString(file("metrics.jsonl"));
    }

    @Test
    void aKillBetweenTwoRemovalsLosesNothing() {
        writePart(2, 4);
        writePart(6);
        String whole = round(2) + round(4) + round(6);
        assertEquals(whole, joined());
        writePart(6); // as if only the first part had been removed
        assertEquals(whole, joined());
        assertEquals(whole, joined(), "without parts");
    }

    /** The newest checkpoint is lost after the join: its rounds are trained, and said, again. */
    @Test
    void roundsThatAreSaidAnewReplaceTheOld() {
        writePart(2, 4, 6);
        joined();
        DataFiles.writeString(file("metrics/step-000000006.jsonl"), "{\"step\":6,\"loss\":7}\n");
        assertEquals(round(2) + round(4) + "{\"step\":6,\"loss\":7}\n", joined());
    }

    /** A round of one step; returns what is then below the directory. */
    private List<String> say(MetricsLog log, long step) {
        Measures measures = Measures.NONE.with(Measures.LOSS, step, 1);
        log.onRound(new RoundMetrics(new TrainingProgress(step, step, 8 * step), measures, 1, 1e-3), false);
        return Stream.of("metrics", "tensorboard")
                .filter(folder -> DataFiles.exists(file(folder)))
                .flatMap(folder -> DataFiles.list(file(folder)).stream())
                .map(Path::getName)
                .toList();
    }

    @Test
    void roundsAreToldBetweenCheckpointsAndOnceAfterThem() {
        AtomicLong seconds = new AtomicLong();
        LongSupplier clock = () -> TimeUnit.SECONDS.toNanos(seconds.get());
        MetricsLog log = new MetricsLog(file(""), 4, TrainingProgress.START, clock);
        assertEquals(List.of(), say(log, 1));
        seconds.set(6);
        List<String> live = List.of("open.jsonl", "events.out.tfevents.0000000002.xecomla");
        assertEquals(live, say(log, 2));
        assertEquals(2, DataFiles.readString(file("metrics/open.jsonl")).lines().count());
        assertEquals(live, say(log, 3), "not every round");
        List<String> kept = List.of("step-000000004.jsonl", "events.out.tfevents.0000000004.xecomla");
        assertEquals(kept, say(log, 4));
        assertEquals(
                4,
                DataFiles.readString(file("metrics/step-000000004.jsonl"))
                        .lines()
                        .count());

        say(log, 5);
        seconds.set(12);
        assertEquals(4, say(log, 6).size(), "open again");
        new MetricsLog(file(""), 4, new TrainingProgress(4, 4, 32), clock); // killed, and gone on from the checkpoint
        MetricsLog.join(file(""));
        assertEquals(4, DataFiles.readString(file("metrics.jsonl")).lines().count(), "no round twice, none too early");
        assertEquals(1, DataFiles.list(file("tensorboard")).size());
    }

    @Test
    void aLineThatIsNoRoundIsNamed() {
        for (String line : List.of("null", "[]", "{", "{\"loss\":1}")) {
            DataFiles.writeString(file("metrics/step-000000002.jsonl"), line);
            UserException e = assertThrows(UserException.class, this::joined, line);
            assertEquals(
                    DataFiles.display(file("metrics/step-000000002.jsonl"))
                            + " has a line that is no round: remove the file",
                    e.getMessage());
        }
    }
}
