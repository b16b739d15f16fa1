package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.xecomla.averaging.Measures;
import org.xecomla.config.Freeze;
import org.xecomla.config.LossSchedule;
import org.xecomla.config.LossSchedule.Form;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.train.data.TrainingSequence;

/** Losses whose weights change over the run. */
class DistillationObjectiveTest {
    private static final int NUM_STEPS = 11;
    private static final LossSchedule CONSTANT = new LossSchedule(Form.CONSTANT, 9);

    @Test
    void schedulesGoFromTheFirstStepsValueToTheLasts() {
        assertEquals(2, CONSTANT.at(7, NUM_STEPS, 2));
        for (Form form : List.of(Form.LINEAR, Form.COSINE)) {
            LossSchedule schedule = new LossSchedule(form, 1);
            assertEquals(0, schedule.at(0, NUM_STEPS, 0), 1e-12);
            assertEquals(0.5, schedule.at(5, NUM_STEPS, 0), 1e-12);
            assertEquals(1, schedule.at(10, NUM_STEPS, 0), 1e-12);
        }
        assertEquals(0.2, new LossSchedule(Form.LINEAR, 1).at(2, NUM_STEPS, 0), 1e-12);
        assertEquals((1 - Math.cos(0.2 * Math.PI)) / 2, new LossSchedule(Form.COSINE, 1).at(2, NUM_STEPS, 0), 1e-12);
        assertEquals(3, new LossSchedule(Form.LINEAR, 3).at(0, 1, 3), "a run of one step");
    }

    /** Alpha and temperature both on their way: every gradient by central differences in double. */
    @Test
    void gradientsAreThoseOfTheLossAtThatStep() {
        DistillationObjective loss = new DistillationObjective(
                new TokenObjective(0.1, 2),
                new LossSchedule(Form.LINEAR, 0.6),
                new LossSchedule(Form.COSINE, 1),
                NUM_STEPS,
                null);
        Replica.Shape shape = new Replica.Shape(2, Tiny.LENGTH);
        List<TrainingSequence> sequences = Tiny.sequences(new Tiny.Data(3, true), 3);
        for (long step : new long[] {0, 4, 10}) {
            try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                    Replica replica = new Replica(Tiny.MODEL, Freeze.NONE.trainable(), shape, loss, kernels)) {
                RandomWeights.write(Tiny.MODEL, 7, replica.weights());
                Measures measures = loss.addGradients(replica, sequences, step);
                assertTrue(measures.loss() > 0);
                Replica.Shape other = new Replica.Shape(3, Tiny.LENGTH);
                try (Replica probe = new Replica(Tiny.MODEL, Freeze.NONE.trainable(), other, loss, kernels)) {
                    Slopes.check(replica, () -> {
                        Slopes.copy(replica, probe);
                        return loss.addGradients(probe, sequences, step).loss();
                    });
                }
            }
        }
    }

    /** Brought from temperature 2 to 1, the teacher's distributions are those that it has at 1. */
    @Test
    void targetsFollowTheTemperature() {
        float[] atTwo = softmax(2);
        float[] atOne = softmax(1);
        DistillationObjective loss = new DistillationObjective(
                new TokenObjective(0, 2), CONSTANT, new LossSchedule(Form.LINEAR, 1), NUM_STEPS, null);
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                Replica replica = Tiny.replica(1, new TokenObjective(0.5, 2), Freeze.NONE, kernels)) {
            double scheduled =
                    loss.addGradients(replica, List.of(sequence(atTwo)), 10).value(TokenObjective.KL);
            double direct = new TokenObjective(0, 1)
                    .addGradients(replica, List.of(sequence(atOne)), 0)
                    .value(TokenObjective.KL);
            assertEquals(direct, scheduled, 1e-6 * direct);
            double untouched =
                    loss.addGradients(replica, List.of(sequence(atTwo)), 0).value(TokenObjective.KL);
            assertNotEquals(direct, untouched, 1e-3 * direct);
        }
    }

    private static TrainingSequence sequence(float[] row) {
        float[] all = new float[Tiny.LENGTH * Tiny.VOCAB];
        for (int t = 0; t < Tiny.LENGTH; t++) {
            System.arraycopy(row, 0, all, t * Tiny.VOCAB, Tiny.VOCAB);
        }
        return TrainingSequence.of(new int[Tiny.LENGTH], new SoftLabels.Dense(Tiny.LENGTH, Tiny.VOCAB, all));
    }

    private static float[] softmax(double temperature) {
        float[] row = new float[Tiny.VOCAB];
        double sum = 0;
        for (int v = 0; v < Tiny.VOCAB; v++) {
            sum += Math.exp(Math.sin(v) * 3 / temperature);
        }
        for (int v = 0; v < Tiny.VOCAB; v++) {
            row[v] = (float) (Math.exp(Math.sin(v) * 3 / temperature) / sum);
        }
        return row;
    }
}
