package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.Freeze;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.train.data.TrainingSequence;

class TrainerCheckpointTest {
    @TempDir
    java.nio.file.Path temporary;

    private Path directory(String name) {
        return DataFiles.path(temporary.resolve(name).toString());
    }

    private TrainerCheckpoint checkpoints(String name) {
        return TinyTraining.checkpoints(directory(name));
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0", "2, 0.9", "3, 0"})
    void killedAndResumedEqualsUninterrupted(int numReplicas, double outerMomentum) throws Exception {
        TrainingPlan plan = TinyTraining.plan(outerMomentum, Freeze.NONE);
        List<double[]> expected = Replicas.run(numReplicas, averaging -> TinyTraining.run(plan, null, averaging, -1));
        TrainerCheckpoint checkpoints = checkpoints("run");
        for (long failAfter : new long[] {3, 5, 9}) {
            assertThrows(
                    RuntimeException.class,
                    () -> Replicas.run(
                            numReplicas, averaging -> TinyTraining.run(plan, checkpoints, averaging, failAfter)));
        }
        assertEquals(6, checkpoints.newest().orElseThrow().progress().step());
        List<double[]> resumed =
                Replicas.run(numReplicas, averaging -> TinyTraining.run(plan, checkpoints, averaging, -1));
        for (int r = 0; r < numReplicas; r++) {
            assertArrayEquals(expected.get(r), resumed.get(r), 0);
        }
        assertEquals(
                new TrainingProgress(10, 40, 40 * Tiny.LENGTH),
                checkpoints.newest().orElseThrow().progress());
    }

    @Test
    void frozenWeightsAreSavedAndTheirMomentsAreNot() {
        TrainingPlan plan = TinyTraining.plan(0, Freeze.NON_ATTENTION);
        double[] expected = TinyTraining.run(plan, null, ParameterAveraging.alone(), -1);
        TrainerCheckpoint checkpoints = checkpoints("run");
        assertThrows(
                TinyTraining.PowerFailure.class,
                () -> TinyTraining.run(plan, checkpoints, ParameterAveraging.alone(), 5));
        assertArrayEquals(expected, TinyTraining.run(plan, checkpoints, ParameterAveraging.alone(), -1), 0);
    }

    @Test
    void aCheckpointIsAModelDirectory() {
        TinyTraining.run(TinyTraining.plan(0, Freeze.NONE), checkpoints("run"), ParameterAveraging.alone(), -1);
        ModelDirectory model =
                ModelDirectory.open(checkpoints("run").newest().orElseThrow().path());
        assertEquals(Tiny.MODEL, model.config());
    }

    @Test
    void anotherNumberOfReplicasStartsFromTheMeanOfTheMoments() throws Exception {
        TrainingPlan plan = TinyTraining.plan(0, Freeze.NONE);
        TrainerCheckpoint checkpoints = checkpoints("run");
        Kernels kernels = new NaiveKernels(ElementType.FLOAT);
        List<double[]> saved = Replicas.run(2, averaging -> {
            try (TrainingRun<TrainingSequence> run =
                    new TrainingRun<>(plan, TinyTraining.LOSS, Tiny.MODEL, kernels, averaging)) {
                run.start(weights -> RandomWeights.write(Tiny.MODEL, 7, weights));
                run.train(new Tiny.Data(17, true), List.of(run.savingTo(checkpoints)));
                return first(run);
            }
        });
        assertFalse(Arrays.equals(saved.get(0), saved.get(1)), "replicas have moments of their own");
        try (TrainingRun<TrainingSequence> run =
                new TrainingRun<>(plan, TinyTraining.LOSS, Tiny.MODEL, kernels, ParameterAveraging.alone())) {
            run.resume(checkpoints, checkpoints.newest().orElseThrow());
            double[] mean = first(run);
            for (int i = 0; i < mean.length; i++) {
                assertEquals((saved.get(0)[i] + saved.get(1)[i]) / 2, mean[i], 1e-6 * Math.abs(mean[i]));
            }
            assertEquals(10, run.state().optimizer().numSteps());
        }
    }

    private static double[] first(TrainingRun<?> run) {
        return run.state().optimizer().state().get(0).segments().get(0).toDoubles();
    }

    @Test
    void onlyTheNewestAreKept() {
        TinyTraining.run(TinyTraining.plan(0, Freeze.NONE), checkpoints("run"), ParameterAveraging.alone(), -1);
        assertEquals(
                List.of("step-000006", "step-000010"),
                DataFiles.list(directory("run")).stream().map(Path::getName).toList());
    }

    @Test
    void unfinishedAndDamagedCheckpointsArePassedOver() throws IOException {
        TrainingPlan plan = TinyTraining.plan(0, Freeze.NONE);
        double[] expected = TinyTraining.run(plan, checkpoints("run"), ParameterAveraging.alone(), -1);
        java.nio.file.Path run = temporary.resolve("run");

        java.nio.file.Path unfinished = Files.createDirectories(run.resolve("step-000012"));
        Files.copy(run.resolve("step-000010/manifest.json"), unfinished.resolve("manifest.json"));
        assertEquals(10, checkpoints("run").newest().orElseThrow().progress().step());

        java.nio.file.Path moments = run.resolve("step-000010/optimizer-00000-of-00001.safetensors");
        byte[] bytes = Files.readAllBytes(moments);
        bytes[bytes.length / 2] ^= 1;
        Files.write(moments, bytes);
        assertEquals(6, checkpoints("run").newest().orElseThrow().progress().step());

        assertArrayEquals(expected, TinyTraining.run(plan, checkpoints("run"), ParameterAveraging.alone(), -1), 0);
        assertEquals(10, checkpoints("run").newest().orElseThrow().progress().step());
        assertTrue(Files.exists(unfinished), "what may be another's work in progress is left alone");
    }

    @Test
    void aDamagedCheckpointIsSetAsideAndNeverWrittenOver() throws IOException {
        TrainingPlan plan = TinyTraining.plan(0, Freeze.NONE);
        double[] expected = TinyTraining.run(plan, checkpoints("run"), ParameterAveraging.alone(), -1);
        java.nio.file.Path run = temporary.resolve("run");
        java.nio.file.Path weights = run.resolve("step-000010/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertEquals(
                6,
                checkpoints("run")
                        .newestAndSetAsideDamaged()
                        .orElseThrow()
                        .progress()
                        .step());
        assertArrayEquals(expected, TinyTraining.run(plan, checkpoints("run"), ParameterAveraging.alone(), -1), 0);
        assertArrayEquals(bytes, Files.readAllBytes(run.resolve("damaged-step-000010/model.safetensors")));
    }

    /**
     * Replicas that stop at a round's end, all at the same, and go on later: nothing tells that from a run in one
     * piece.
     */
    @Test
    void stoppedAndResumedEqualsUninterrupted() throws Exception {
        TrainingPlan plan = TinyTraining.plan(0.9, Freeze.NONE);
        List<double[]> expected = Replicas.run(3, averaging -> TinyTraining.run(plan, null, averaging, -1));
        TrainerCheckpoint checkpoints = checkpoints("run");
        Replicas.run(3, averaging -> {
            try (TrainingRun<TrainingSequence> run = new TrainingRun<>(
                    plan, TinyTraining.LOSS, Tiny.MODEL, new NaiveKernels(ElementType.FLOAT), averaging)) {
                run.start(weights -> RandomWeights.write(Tiny.MODEL, 7, weights));
                int[] rounds = new int[1];
                List<TrainListener> listeners = List.of(run.savingTo(checkpoints));
                TrainingProgress end =
                        run.train(new Tiny.Data(17, true), listeners, () -> averaging.rank() == 0 && ++rounds[0] == 2);
                assertEquals(4, end.step());
                return end;
            }
        });
        assertEquals(4, checkpoints.newest().orElseThrow().progress().step());
        List<double[]> resumed = Replicas.run(3, averaging -> TinyTraining.run(plan, checkpoints, averaging, -1));
        for (int r = 0; r < 3; r++) {
            assertArrayEquals(expected.get(r), resumed.get(r), 0);
        }
    }

    /** Mean loss over all sequences. */
    private static double loss(double[] weights) {
        TokenObjective kl = new TokenObjective(0, 1);
        try (Replica replica = Tiny.replica(1, kl, Freeze.NONE, new NaiveKernels(ElementType.FLOAT))) {
            int at = 0;
            for (Tensor segment : replica.weights().segments()) {
                segment.write(Arrays.copyOfRange(weights, at, at + segment.cols()));
                at += segment.cols();
            }
            double sum = 0;
            for (int s = 0; s < 17; s++) {
                TrainingBatch batch = TrainingBatch.of(List.of(new Tiny.Data(17, true).read(s)));
                sum += replica.loss(batch, kl.loss(batch, 1, 1)).kl();
            }
            return sum / 17;
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "3", "4"})
    void resumedWithAnotherNumberOfReplicasTheLossIsWithinTheNoiseOfSeeds(int numReplicas) throws Exception {
        List<Double> losses = new ArrayList<>();
        for (long seed = 1; seed <= 6; seed++) {
            TrainingPlan plan = TinyTraining.plan(0, Freeze.NONE, seed);
            losses.add(loss(Replicas.run(2, averaging -> TinyTraining.run(plan, null, averaging, -1))
                    .get(0)));
        }
        TrainingPlan plan = TinyTraining.plan(0, Freeze.NONE);
        TrainerCheckpoint checkpoints = checkpoints("run");
        assertThrows(
                RuntimeException.class,
                () -> Replicas.run(2, averaging -> TinyTraining.run(plan, checkpoints, averaging, 5)));
        double resumed = loss(Replicas.run(numReplicas, averaging -> TinyTraining.run(plan, checkpoints, averaging, -1))
                .get(0));
        double low = losses.stream().min(Double::compare).orElseThrow();
        double high = losses.stream().max(Double::compare).orElseThrow();
        double margin = high - low;
        assertTrue(
                resumed > low - margin && resumed < high + margin,
                resumed + " is not among the losses of other seeds " + losses);
        double untrained = loss(Replicas.run(1, averaging -> {
                    try (Replica replica =
                            Tiny.replica(1, TinyTraining.LOSS, Freeze.NONE, new NaiveKernels(ElementType.FLOAT))) {
                        return Tiny.weights(replica);
                    }
                })
                .get(0));
        assertTrue(untrained - high > 2 * (high - low), "the noise is small beside what is learned");
    }

    /** Two checkpoints under each other's names would be gone on from for ever. */
    @Test
    void aCheckpointUnderAnothersNameIsPassedOver() {
        TinyTraining.run(TinyTraining.plan(0, Freeze.NONE), checkpoints("swapped"), ParameterAveraging.alone(), -1);
        Path six = TrainerCheckpoint.path(directory("swapped"), 6);
        Path ten = TrainerCheckpoint.path(directory("swapped"), 10);
        Path aside = new Path(directory("swapped"), "aside");
        DataFiles.rename(six, aside);
        DataFiles.rename(ten, six);
        DataFiles.rename(aside, ten);
        assertEquals(Optional.empty(), checkpoints("swapped").newest());
    }

    @Test
    void anotherConfigurationsCheckpointIsRefused() {
        TinyTraining.run(TinyTraining.plan(0, Freeze.NONE), checkpoints("run"), ParameterAveraging.alone(), -1);
        Manifest other = Manifest.asked("distill", 1, Map.of("distill.local-steps", "5"), 3, "test", Map.of());
        TrainerCheckpoint checkpoints = new TrainerCheckpoint(directory("run"), 2, other, Optional.empty());
        UserException failure = assertThrows(UserException.class, checkpoints::newest);
        assertTrue(failure.getMessage().contains("distill.local-steps"), failure.getMessage());
    }

    @Test
    void anEmptyDirectoryHasNone() {
        assertTrue(checkpoints("nowhere").newest().isEmpty());
    }
}
