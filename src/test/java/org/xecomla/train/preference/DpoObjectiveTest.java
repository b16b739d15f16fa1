package org.xecomla.train.preference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xecomla.averaging.Measures;
import org.xecomla.config.DpoConfig;
import org.xecomla.config.Freeze;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.targets.LogProbabilities;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.train.RandomWeights;
import org.xecomla.train.Replica;
import org.xecomla.train.Slopes;
import org.xecomla.train.Tiny;
import org.xecomla.train.TrainStep;

/** Preferences over a tiny hybrid model. */
class DpoObjectiveTest {
    private static final int MICRO = 2;

    private static Replica replica(DpoObjective objective, Kernels kernels) {
        Replica replica = new Replica(
                Tiny.MODEL, Freeze.NONE.trainable(), new Replica.Shape(MICRO, Tiny.LENGTH), objective, kernels);
        RandomWeights.write(Tiny.MODEL, 7, replica.weights());
        return replica;
    }

    private static DpoObjective objective(DpoConfig.Loss form, double beta) {
        return new DpoObjective(new PreferenceLoss(form, beta, form == DpoConfig.Loss.SIGMOID ? 0.1 : 0));
    }

    /** Pairs of all lengths: one without prompt, one whose sequences fill the replica. */
    private static List<TokenPair> pairs() {
        Random random = new Random(5);
        List<TokenPair> pairs = new ArrayList<>();
        int[][] lengths = {{3, 2, 4}, {0, 3, 2}, {4, 5, 5}, {2, 1, 3}, {1, 8, 1}};
        for (int[] l : lengths) {
            pairs.add(new TokenPair(ids(l[0], random), ids(l[1], random), ids(l[2], random)));
        }
        return pairs;
    }

    private static int[] ids(int count, Random random) {
        return random.ints(count, 0, Tiny.VOCAB).toArray();
    }

    private static List<PreferenceSample> samples(Replica replica, double off) {
        try (PairScorer scorer = new PairScorer(replica.model(), Tiny.LENGTH, MICRO)) {
            List<LogProbabilities> scores = scorer.score(pairs());
            List<PreferenceSample> samples = new ArrayList<>();
            for (int i = 0; i < scores.size(); i++) {
                LogProbabilities score = scores.get(i);
                samples.add(new PreferenceSample(
                        pairs().get(i), new LogProbabilities(score.chosen() - off * i, score.rejected() + off)));
            }
            return samples;
        }
    }

    private static double loss(DpoObjective objective, Replica replica, List<PreferenceSample> samples) {
        try (PairScorer scorer = new PairScorer(replica.model(), Tiny.LENGTH, samples.size())) {
            return scorer.values(samples, objective.loss()).stream()
                    .mapToDouble(PreferenceLoss.Value::loss)
                    .average()
                    .orElseThrow();
        }
    }

    @ParameterizedTest
    @EnumSource(DpoConfig.Loss.class)
    void everyGradientIsThatOfCentralDifferences(DpoConfig.Loss form) {
        DpoObjective objective = objective(form, 0.3);
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                Replica replica = replica(objective, kernels)) {
            List<PreferenceSample> samples = samples(replica, 0.7);
            Measures measures = objective.addGradients(replica, samples, 0);
            assertEquals(loss(objective, replica, samples), measures.loss(), 1e-10);
            Slopes.check(replica, () -> loss(objective, replica, samples));
        }
    }

    @Test
    void whatIsFilledInAndHowPairsAreBatchedChangesNothing() {
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                Replica replica = replica(objective(DpoConfig.Loss.SIGMOID, 0.1), kernels);
                PairScorer one = new PairScorer(replica.model(), Tiny.LENGTH, 1);
                PairScorer all = new PairScorer(replica.model(), Tiny.LENGTH, 5)) {
            List<LogProbabilities> alone = one.score(pairs());
            List<LogProbabilities> together = all.score(pairs());
            for (int i = 0; i < alone.size(); i++) {
                assertArrayEquals(
                        new double[] {alone.get(i).chosen(), alone.get(i).rejected()},
                        new double[] {together.get(i).chosen(), together.get(i).rejected()},
                        1e-12);
            }
        }
    }

    @Test
    void trainingRaisesTheMarginFromZero() {
        DpoObjective objective = objective(DpoConfig.Loss.SIGMOID, 0.1);
        try (Kernels kernels = new CpuKernels(1);
                Replica replica = replica(objective, kernels);
                AdamW adamW = new AdamW(replica.weights().layout(), kernels, new AdamW.Settings(0.9, 0.999, 1e-8, 0))) {
            List<PreferenceSample> samples = samples(replica, 0);
            TrainStep<PreferenceSample> step = new TrainStep<>(
                    replica, adamW, new LearningRateSchedule(5e-3, 0, 1, 30), new GradientClip(1), objective);
            Measures first = step.run(0, samples).measures();
            assertEquals(0, first.value(DpoObjective.MARGIN), 1e-6);
            assertEquals(Math.log(2), first.loss(), 1e-6);
            for (int s = 1; s < 30; s++) {
                step.run(s, samples);
            }
            Measures last = step.run(30, samples).measures();
            assertEquals(1, last.value(DpoObjective.ACCURACY));
            assertTrue(last.value(DpoObjective.MARGIN) > 0.1, "margin " + last.value(DpoObjective.MARGIN));
        }
    }
}
