package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.Freeze;
import org.xecomla.corpus.shards.SampleOrder;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.FillingFileSystem;
import org.xecomla.files.StageDirectory;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.train.data.TrainingData;
import org.xecomla.train.data.TrainingSequence;

/** What goes wrong in the middle of a training, and how it ends. */
class TrainingFaultsTest {
    @TempDir
    java.nio.file.Path temporary;

    private TrainerCheckpoint checkpoints(String scheme) {
        return TinyTraining.checkpoints(directory(scheme));
    }

    private Path directory(String scheme) {
        return DataFiles.path(scheme + temporary + "/run");
    }

    /** The disk fills up while a checkpoint is written: the one before stays as it is, and the run goes on from it. */
    @Test
    void aDiskThatFillsUpIsNamedAndTheOlderCheckpointStays() throws Exception {
        TrainingPlan plan = TinyTraining.plan(0, Freeze.NONE);
        List<double[]> expected = Replicas.run(2, averaging -> TinyTraining.run(plan, null, averaging, -1));
        FillingFileSystem disk = FillingFileSystem.open();
        TrainerCheckpoint checkpoints = checkpoints("filling:");
        Tiny.Data data = new Tiny.Data(TinyTraining.NUM_SEQUENCES, true);
        UserException e = assertThrows(
                UserException.class,
                () -> Replicas.run(
                        2,
                        averaging -> TinyTraining.run(plan, checkpoints, averaging, data, metrics -> {
                            if (metrics.step() == 5) {
                                disk.setRoom(10_000);
                            }
                        })));
        assertTrue(e.getMessage().startsWith("no space is left for filling:"), e.getMessage());
        assertTrue(e.getMessage().contains("/run/step-000006/"), e.getMessage());
        assertEquals(4, checkpoints.newest().orElseThrow().progress().step());
        new StageDirectory(TrainerCheckpoint.path(directory("filling:"), 4)).verify();

        disk.setRoom(Long.MAX_VALUE);
        List<double[]> resumed = Replicas.run(2, averaging -> TinyTraining.run(plan, checkpoints, averaging, -1));
        assertArrayEquals(expected.get(0), resumed.get(0), 0);
    }

    /**
     * Sequences of every step, of all replicas in the order of ranks; of a step that is done again, those of the last
     * time.
     */
    private static Map<Long, long[]> train(
            TrainingPlan plan, TrainerCheckpoint checkpoints, int replicas, long failAfter) throws Exception {
        Map<Long, Map<Integer, long[]>> seen = new ConcurrentHashMap<>();
        Tiny.Data data = new Tiny.Data(TinyTraining.NUM_SEQUENCES, true);
        try {
            Replicas.run(
                    replicas,
                    averaging -> TinyTraining.run(plan, checkpoints, averaging, data, metrics -> {
                        seen.computeIfAbsent(metrics.step(), step -> new ConcurrentHashMap<>())
                                .put(averaging.rank(), metrics.sequences());
                        if (metrics.step() == failAfter) {
                            throw new TinyTraining.PowerFailure(failAfter);
                        }
                    }));
        } catch (RuntimeException killed) {
            assertTrue(failAfter > 0, killed::toString);
        }
        Map<Long, long[]> all = new TreeMap<>();
        seen.forEach((step, byRank) -> all.put(
                step,
                new TreeMap<>(byRank)
                        .values().stream().flatMapToLong(LongStream::of).toArray()));
        return all;
    }

    /** Killed twice and gone on with by another number of replicas each time. */
    @Test
    void noSequenceIsTakenTwiceOrSkippedWhateverTheNumberOfReplicas() throws Exception {
        TrainingPlan plan = TinyTraining.plan(0, Freeze.NONE);
        TrainerCheckpoint checkpoints = checkpoints("");
        Map<Long, long[]> trained = train(plan, checkpoints, 2, 5);
        assertEquals(4, checkpoints.newest().orElseThrow().progress().step());
        trained.keySet().removeIf(step -> step > 4); // nothing is left of what came after the checkpoint
        trained.putAll(train(plan, checkpoints, 3, 8));
        assertEquals(6, checkpoints.newest().orElseThrow().progress().step());
        trained.keySet().removeIf(step -> step > 6);
        trained.putAll(train(plan, checkpoints, 1, -1));
        SampleOrder order = new SampleOrder(3, TinyTraining.NUM_SEQUENCES);
        assertArrayEquals(
                LongStream.range(0, 10 * 4).map(order::sequenceAt).toArray(),
                trained.values().stream().flatMapToLong(LongStream::of).toArray());
        assertEquals(
                TinyTraining.NUM_SEQUENCES,
                trained.values().stream()
                        .flatMapToLong(LongStream::of)
                        .limit(TinyTraining.NUM_SEQUENCES)
                        .distinct()
                        .count(),
                "the first epoch has every sequence once");
        assertEquals(
                new TrainingProgress(10, 40, 40 * Tiny.LENGTH),
                checkpoints.newest().orElseThrow().progress());
    }

    /** Data of which one sequence has a teacher who says no numbers. */
    private record Poisoned(Tiny.Data data, long poison) implements TrainingData {
        @Override
        public long numSequences() {
            return data.numSequences();
        }

        @Override
        public int sequenceLength() {
            return data.sequenceLength();
        }

        @Override
        public TrainingSequence read(long sequence) {
            TrainingSequence sound = data.read(sequence);
            if (sequence != poison) {
                return sound;
            }
            float[] nothing = new float[Tiny.LENGTH * Tiny.VOCAB];
            Arrays.fill(nothing, Float.NaN);
            return TrainingSequence.of(sound.ids(), new SoftLabels.Dense(Tiny.LENGTH, Tiny.VOCAB, nothing));
        }
    }

    /** Step 8 is the first to see the sequence; the checkpoint after step 6 is the last good one, and stays that. */
    @Test
    void aLossThatIsNoNumberStopsWithTheBatchAndTheLastGoodCheckpoint() {
        TrainingPlan plan =
                TinyTraining.plan(RoundPlan.plain(2), Freeze.NONE, 3, LearningRateSchedule.constant(0.02), 1e9, 10);
        SampleOrder order = new SampleOrder(3, 60);
        long[] batch = LongStream.range(28, 32).map(order::sequenceAt).toArray();
        TrainerCheckpoint checkpoints = checkpoints("");
        Tiny.Data sound = new Tiny.Data(60, true);
        UserException e = assertThrows(
                UserException.class,
                () -> TinyTraining.run(
                        plan, checkpoints, ParameterAveraging.alone(), new Poisoned(sound, batch[1]), metrics -> {}));
        assertTrue(e.getMessage().matches("training diverged at step 8: loss .*NaN.*"), e.getMessage());
        assertTrue(e.getMessage().contains("sequences of the batch " + Arrays.toString(batch)), e.getMessage());
        assertTrue(
                e.getMessage().contains("the last good checkpoint is " + temporary + "/run/step-000006"), e::toString);
        assertEquals(6, checkpoints.newest().orElseThrow().progress().step());
        double[] mended = TinyTraining.run(plan, checkpoints, ParameterAveraging.alone(), sound, metrics -> {});
        double[] whole = TinyTraining.run(plan, null, ParameterAveraging.alone(), sound, metrics -> {});
        assertArrayEquals(whole, mended, 0, "with the sequence mended it goes on as if nothing had been");
    }

    /** The learning rate grows until the loss does. */
    @Test
    void aLossThatExplodesStopsTheRun() {
        LearningRateSchedule growing = new LearningRateSchedule(100, 100, 200, 200);
        TrainingPlan plan = TinyTraining.plan(RoundPlan.plain(2), Freeze.NONE, 3, growing, 1.5, 200);
        TrainerCheckpoint checkpoints = checkpoints("");
        UserException e = assertThrows(
                UserException.class, () -> TinyTraining.run(plan, checkpoints, ParameterAveraging.alone(), -1));
        assertTrue(e.getMessage().startsWith("training diverged at step "), e.getMessage());
        assertTrue(e.getMessage().contains("sequences of the batch ["), e.getMessage());
        assertTrue(e.getMessage().contains("the last good checkpoint is " + temporary), e.getMessage());
    }
}
