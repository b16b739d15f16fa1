package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.Freeze;
import org.xecomla.corpus.shards.SampleOrder;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.optim.Optimizer;
import org.xecomla.optim.OuterUpdate;
import org.xecomla.optim.Sgd;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.TestedKernels;
import org.xecomla.train.data.TrainingSequence;

class TrainingLoopTest {
    private static final TokenObjective KL = new TokenObjective(0, 1);
    private static final long NUM_STEPS = 6;

    /** How a run differs from the next. */
    private record Run(ElementType type, boolean adamW, int batch, RoundPlan rounds, GradientClip clip) {
        Run(ElementType type, boolean adamW, int batch, int localSteps, double outerRate, double outerMomentum) {
            this(
                    type,
                    adamW,
                    batch,
                    new RoundPlan(localSteps, AveragingConfig.What.WEIGHTS, false, outerRate, outerMomentum),
                    GradientClip.NONE);
        }
    }

    /** What a run leaves behind. */
    private record Result(double[] weights, List<StepMetrics> steps, List<RoundMetrics> rounds) {}

    private static Result train(Run run, ParameterAveraging averaging) {
        Kernels kernels = TestedKernels.ofRun(run.type);
        Tiny.Data data = new Tiny.Data(17, true);
        BatchSlice slice = new BatchSlice(run.batch, averaging.numReplicas(), averaging.rank());
        List<StepMetrics> steps = new ArrayList<>();
        List<RoundMetrics> rounds = new ArrayList<>();
        TrainListener recorder = new TrainListener() {
            @Override
            public void onStep(StepMetrics metrics) {
                steps.add(metrics);
            }

            @Override
            public void onRound(RoundMetrics metrics, boolean last) {
                rounds.add(metrics);
            }
        };
        try (kernels;
                Replica replica = Tiny.replica(2, KL, Freeze.NONE, kernels);
                Optimizer optimizer = run.adamW
                        ? new AdamW(replica.weights().layout(), kernels, new AdamW.Settings(0.9, 0.98, 1e-8, 0))
                        : new Sgd();
                Rounds local = new Rounds(
                        run.rounds,
                        averaging,
                        slice.share(),
                        new OuterUpdate(
                                run.rounds.outerLearningRate(),
                                run.rounds.outerMomentum(),
                                replica.weights().layout(),
                                kernels),
                        replica)) {
            TrainStep<TrainingSequence> step = new TrainStep<>(
                    replica, optimizer, LearningRateSchedule.constant(run.adamW ? 0.01 : 0.3), run.clip, KL);
            TrainingProgress end = new TrainingLoop<>(
                            step, data, new SampleOrder(3, 17), slice, local, List.of(recorder), () -> false)
                    .run(TrainingProgress.START, NUM_STEPS);
            assertEquals(
                    new TrainingProgress(NUM_STEPS, NUM_STEPS * run.batch, NUM_STEPS * run.batch * Tiny.LENGTH), end);
            return new Result(Tiny.weights(replica), steps, rounds);
        }
    }

    private static Result alone(Run run) {
        return train(run, ParameterAveraging.alone());
    }

    @Test
    void oneReplicaRepeatsItselfBitForBit() {
        Run run = new Run(ElementType.FLOAT, true, 4, 1, 1, 0);
        assertArrayEquals(alone(run).weights, alone(run).weights, 0);
    }

    @Test
    void averagingWithOneselfChangesNoBit() throws Exception {
        Run everyStep = new Run(ElementType.FLOAT, true, 4, 1, 1, 0);
        Run everyFour = new Run(ElementType.FLOAT, true, 4, 4, 1, 0);
        double[] expected = alone(everyStep).weights;
        assertArrayEquals(expected, alone(everyFour).weights, 0);
        assertArrayEquals(
                expected,
                Replicas.run(1, averaging -> train(everyFour, averaging)).get(0).weights,
                0);
    }

    /** Plain SGD is linear in the gradient: P replicas that average every step are one large batch. */
    @ParameterizedTest
    @CsvSource({"2, 4", "3, 4", "3, 7", "5, 6"})
    void replicasWithPlainSgdEqualOneLargeBatch(int numReplicas, int batch) throws Exception {
        Run run = new Run(ElementType.DOUBLE, false, batch, 1, 1, 0);
        Result one = alone(run);
        List<Result> several = Replicas.run(numReplicas, averaging -> train(run, averaging));
        for (Result replica : several) {
            assertArrayEquals(one.weights, replica.weights, 1e-10);
            assertArrayEquals(several.get(0).weights, replica.weights, 0);
            for (int r = 0; r < NUM_STEPS; r++) {
                assertEquals(one.rounds.get(r).loss(), replica.rounds.get(r).loss(), 1e-10);
                assertEquals(
                        one.rounds.get(r).progress().numTokens(),
                        replica.rounds.get(r).progress().numTokens());
            }
        }
        double moved = Math.abs(
                one.rounds.get(0).loss() - one.rounds.get((int) NUM_STEPS - 1).loss());
        assertTrue(moved > 1e-3, "the runs must have trained: loss changed by " + moved);
    }

    /** With averaged gradients also AdamW, clipping and unequal shares are those of one large batch. */
    @ParameterizedTest
    @CsvSource({"DOUBLE, 2, 4, 1e-10", "DOUBLE, 3, 7, 1e-10", "FLOAT, 2, 4, 1e-5", "FLOAT, 4, 8, 1e-5"})
    void averagedGradientsWithAdamWEqualOneLargeBatch(ElementType type, int numReplicas, int batch, double tolerance)
            throws Exception {
        Run run = new Run(
                type,
                true,
                batch,
                new RoundPlan(3, AveragingConfig.What.GRADIENTS, false, 1, 0),
                new GradientClip(0.05));
        Result one = alone(run);
        List<Result> several = Replicas.run(numReplicas, averaging -> train(run, averaging));
        for (Result replica : several) {
            assertArrayEquals(one.weights, replica.weights, tolerance);
            assertArrayEquals(several.get(0).weights, replica.weights, 0);
            assertEquals(one.rounds.get(1).loss(), replica.rounds.get(1).loss(), tolerance);
        }
        Run averagedWeights = new Run(type, true, batch, 1, 1, 0);
        double[] other = Replicas.run(numReplicas, averaging -> train(averagedWeights, averaging))
                .get(0)
                .weights;
        double largest = IntStream.range(0, other.length)
                .mapToDouble(i -> Math.abs(other[i] - one.weights[i]))
                .max()
                .orElseThrow();
        assertTrue(largest > 1e-4, "weights averaged every step are not one large batch under AdamW: " + largest);
    }

    /** What travels as changes since the round's start comes to the same average. */
    @Test
    void averagingChangesIsAveragingWeights() throws Exception {
        Run weights = new Run(ElementType.DOUBLE, true, 4, 2, 0.7, 0.9);
        Run deltas = new Run(
                ElementType.DOUBLE,
                true,
                4,
                new RoundPlan(2, AveragingConfig.What.WEIGHTS, true, 0.7, 0.9),
                GradientClip.NONE);
        double[] expected =
                Replicas.run(2, averaging -> train(weights, averaging)).get(1).weights;
        double[] actual = Replicas.run(2, averaging -> train(deltas, averaging)).get(1).weights;
        assertArrayEquals(expected, actual, 1e-12);
    }

    @Test
    void replicasTogetherSeeWhatOneWould() throws Exception {
        Run run = new Run(ElementType.FLOAT, true, 5, 2, 1, 0);
        Result one = alone(run);
        List<Result> several = Replicas.run(3, averaging -> train(run, averaging));
        for (int s = 0; s < NUM_STEPS; s++) {
            int at = s;
            assertArrayEquals(
                    one.steps.get(s).sequences(),
                    several.stream()
                            .flatMapToLong(r -> LongStream.of(r.steps.get(at).sequences()))
                            .toArray());
        }
        long distinct = one.steps.stream()
                .limit(3)
                .flatMapToLong(s -> LongStream.of(s.sequences()))
                .distinct()
                .count();
        assertEquals(15, distinct, "no sequence comes twice in an epoch");
    }

    @Test
    void outerMomentumIsDeterministicAndTheSameEverywhere() throws Exception {
        Run run = new Run(ElementType.FLOAT, true, 4, 2, 0.7, 0.9);
        List<Result> first = Replicas.run(2, averaging -> train(run, averaging));
        List<Result> second = Replicas.run(2, averaging -> train(run, averaging));
        assertArrayEquals(first.get(0).weights, first.get(1).weights, 0);
        assertArrayEquals(first.get(0).weights, second.get(1).weights, 0);
        assertEquals(3, first.get(0).rounds.size());
    }

    @Test
    void aRoundEndsWithTheRun() {
        Result result = alone(new Run(ElementType.FLOAT, true, 4, 4, 1, 0));
        assertArrayEquals(
                new long[] {4, 6},
                result.rounds.stream().mapToLong(RoundMetrics::step).toArray());
        assertEquals(24, result.rounds.get(1).progress().numSamples());
    }
}
