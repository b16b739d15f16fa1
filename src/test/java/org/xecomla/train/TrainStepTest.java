package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xecomla.config.Freeze;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.optim.Sgd;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.train.data.TrainingSequence;

class TrainStepTest {
    private static final TokenObjective MIXED = new TokenObjective(0.3, 1.5);
    private static final AdamW.Settings ADAM_W = new AdamW.Settings(0.9, 0.98, 1e-8, 0);

    private final Kernels kernels = new NaiveKernels(ElementType.DOUBLE);

    private static TrainStep<TrainingSequence> sgd(Replica replica, double rate, TokenObjective loss) {
        return new TrainStep<>(replica, new Sgd(), LearningRateSchedule.constant(rate), GradientClip.NONE, loss);
    }

    @Test
    void microBatchesAddUpToTheBatch() {
        List<TrainingSequence> batch = Tiny.sequences(new Tiny.Data(5, true), 5);
        Replica whole = Tiny.replica(5, MIXED, Freeze.NONE, kernels);
        TrainStep.Outcome expected = sgd(whole, 0.1, MIXED).run(0, batch);
        for (int micro : new int[] {1, 2, 3}) {
            Replica parts = Tiny.replica(micro, MIXED, Freeze.NONE, kernels);
            TrainStep.Outcome outcome = sgd(parts, 0.1, MIXED).run(0, batch);
            assertArrayEquals(Tiny.weights(whole), Tiny.weights(parts), 1e-12);
            assertEquals(expected.measures().loss(), outcome.measures().loss(), 1e-12);
            assertEquals(5 * Tiny.LENGTH, outcome.measures().means().get("kl").count());
            assertEquals(
                    5 * (Tiny.LENGTH - 1), outcome.measures().means().get("ce").count());
        }
    }

    /** Six copies of a batch have the mean of one: the loss is per token, not per sequence or batch. */
    @Test
    void lossIsAMeanOverTokens() {
        TrainingSequence one = new Tiny.Data(1, true).read(0);
        Replica single = Tiny.replica(6, MIXED, Freeze.NONE, kernels);
        Replica six = Tiny.replica(6, MIXED, Freeze.NONE, kernels);
        TrainStep.Outcome outcome1 = sgd(single, 0.1, MIXED).run(0, List.of(one));
        TrainStep.Outcome outcome6 = sgd(six, 0.1, MIXED).run(0, List.of(one, one, one, one, one, one));
        assertEquals(outcome1.measures().loss(), outcome6.measures().loss(), 1e-12);
        assertEquals(outcome1.gradientNorm(), outcome6.gradientNorm(), 1e-12);
        assertArrayEquals(Tiny.weights(single), Tiny.weights(six), 1e-12);
    }

    /**
     * What is not learned has weight 0 in both parts, and the loss is a mean over what is learned: n times the step on
     * all positions is the steps on two halves of them, each times its number of positions.
     */
    @Test
    void onlyLearnedPositionsCount() {
        TrainingSequence all = new Tiny.Data(1, true).read(0);
        boolean[] learned = new boolean[Tiny.LENGTH];
        boolean[] others = new boolean[Tiny.LENGTH];
        int numLearned = 0;
        for (int t = 0; t < Tiny.LENGTH; t++) {
            learned[t] = t % 3 == 1 || t == Tiny.LENGTH - 1;
            others[t] = !learned[t];
            numLearned += learned[t] ? 1 : 0;
        }
        // The last position has a target and no label; the two parts of the loss are thus looked at one by one.
        for (TokenObjective loss : List.of(new TokenObjective(0, 1.5), new TokenObjective(1, 1))) {
            int labelless = loss.alpha() == 1 ? 1 : 0;
            double[] whole = move(loss, all);
            double[] some = move(loss, TrainingSequence.of(new TokenSequence(all.ids(), learned), all.softLabels()));
            double[] rest = move(loss, TrainingSequence.of(new TokenSequence(all.ids(), others), all.softLabels()));
            double numAll = Tiny.LENGTH - labelless;
            double numSome = numLearned - labelless;
            for (int i = 0; i < whole.length; i++) {
                assertEquals(whole[i] * numAll, some[i] * numSome + rest[i] * (numAll - numSome), 1e-11);
            }
        }
        TrainingSequence nothing =
                TrainingSequence.of(new TokenSequence(all.ids(), new boolean[Tiny.LENGTH]), all.softLabels());
        for (double moved : move(MIXED, nothing)) {
            assertEquals(0, moved, 0);
        }
    }

    /**
     * A packed sequence teaches what its documents teach alone: n times the step on all is the steps on each, n_i
     * times.
     */
    @Test
    void documentsAreLearnedAsIfEachStoodAlone() {
        TrainingSequence all = new Tiny.Data(1, true).read(0);
        int border = 3;
        boolean[] learned = new boolean[Tiny.LENGTH];
        Arrays.fill(learned, true);
        boolean[] begins = new boolean[Tiny.LENGTH];
        begins[border] = true;
        SoftLabels targets = all.softLabels();
        TrainingSequence packed = TrainingSequence.of(new TokenSequence(all.ids(), learned, begins), targets);
        TrainingSequence first = TrainingSequence.of(Arrays.copyOf(all.ids(), border), targets.rows(0, border));
        TrainingSequence second = TrainingSequence.of(
                Arrays.copyOfRange(all.ids(), border, Tiny.LENGTH), targets.rows(border, Tiny.LENGTH));
        for (TokenObjective loss : List.of(new TokenObjective(0, 1.5), new TokenObjective(1, 1))) {
            int labelless = loss.alpha() == 1 ? 1 : 0; // the last position of a document
            double[] whole = move(loss, packed);
            double[] one = move(loss, first);
            double[] other = move(loss, second);
            double numFirst = border - labelless;
            double numSecond = Tiny.LENGTH - border - labelless;
            for (int i = 0; i < whole.length; i++) {
                assertEquals(whole[i] * (numFirst + numSecond), one[i] * numFirst + other[i] * numSecond, 1e-11);
            }
        }
    }

    private double[] move(TokenObjective loss, TrainingSequence sequence) {
        Replica replica = Tiny.replica(1, loss, Freeze.NONE, kernels);
        double[] before = Tiny.weights(replica);
        sgd(replica, 1, loss).run(0, List.of(sequence));
        double[] moved = Tiny.weights(replica);
        for (int i = 0; i < moved.length; i++) {
            moved[i] -= before[i];
        }
        return moved;
    }

    @Test
    void gradientsDoNotLeakIntoTheNextStep() {
        List<TrainingSequence> batch = Tiny.sequences(new Tiny.Data(2, true), 2);
        Replica replica = Tiny.replica(2, MIXED, Freeze.NONE, kernels);
        TrainStep<TrainingSequence> still = sgd(replica, 1e-300, MIXED);
        assertEquals(still.run(0, batch).gradientNorm(), still.run(1, batch).gradientNorm(), 1e-12);
    }

    @Test
    void clippedStepHasTheNormOfTheClip() {
        List<TrainingSequence> batch = Tiny.sequences(new Tiny.Data(2, true), 2);
        Replica replica = Tiny.replica(2, MIXED, Freeze.NONE, kernels);
        double[] before = Tiny.weights(replica);
        TrainStep<TrainingSequence> step =
                new TrainStep<>(replica, new Sgd(), LearningRateSchedule.constant(1), new GradientClip(1e-3), MIXED);
        assertTrue(step.run(0, batch).gradientNorm() > 0.01);
        double[] after = Tiny.weights(replica);
        double moved = 0;
        for (int i = 0; i < after.length; i++) {
            moved += (after[i] - before[i]) * (after[i] - before[i]);
        }
        assertEquals(1e-3, Math.sqrt(moved), 1e-6);
    }

    @Test
    void frozenWeightsStay() {
        List<TrainingSequence> batch = Tiny.sequences(new Tiny.Data(2, true), 2);
        Replica replica = Tiny.replica(2, MIXED, Freeze.NON_ATTENTION, kernels);
        Replica untouched = Tiny.replica(2, MIXED, Freeze.NON_ATTENTION, kernels);
        sgd(replica, 1, MIXED).run(0, batch);
        for (ParameterLayout.Place place : replica.weights().layout().places().values()) {
            String name = place.spec().name();
            double[] before = untouched.weights().get(name).toDoubles();
            double[] after = replica.weights().get(name).toDoubles();
            if (name.contains("self_attn")) {
                assertNotEquals(before[0], after[0], name);
            } else {
                assertArrayEquals(before, after, 0, name);
            }
        }
    }

    @Test
    void aTinyModelLearns() {
        TokenObjective kl = new TokenObjective(0, 1);
        Kernels floats = new NaiveKernels(ElementType.FLOAT);
        List<TrainingSequence> batch = Tiny.sequences(new Tiny.Data(8, true), 8);
        Replica replica = Tiny.replica(8, kl, Freeze.NONE, floats);
        AdamW adamW = new AdamW(replica.weights().layout(), floats, ADAM_W);
        TrainStep<TrainingSequence> step =
                new TrainStep<>(replica, adamW, new LearningRateSchedule(0.02, 0.002, 5, 60), new GradientClip(1), kl);
        double first = step.run(0, batch).measures().value("kl");
        double last = first;
        for (int s = 1; s < 60; s++) {
            last = step.run(s, batch).measures().value("kl");
        }
        assertTrue(last < first / 4, "KL from " + first + " to " + last);
    }
}
