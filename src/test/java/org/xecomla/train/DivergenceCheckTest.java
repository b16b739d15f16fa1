package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.xecomla.averaging.Measures;
import org.xecomla.errors.UserException;

class DivergenceCheckTest {
    private static final Path CHECKPOINT = new Path("file:/runs/a/distill/step-000010");

    private static DivergenceCheck check(double maxLossGrowth) {
        return new DivergenceCheck(maxLossGrowth, step -> new long[] {step, 77, 5, 6}, () -> Optional.of(CHECKPOINT));
    }

    private static StepMetrics metrics(long step, double loss) {
        Measures measures = Measures.NONE.with(Measures.LOSS, loss, 1);
        return new StepMetrics(step, new long[] {step, 77}, measures, loss, 1e-3, 18);
    }

    @Test
    void whatIsNoNumberStopsTheRunWithBatchAndCheckpoint() {
        UserException failure = assertThrows(UserException.class, () -> check(5).onStep(metrics(12, Double.NaN)));
        assertTrue(failure.getMessage().contains("step 12"), failure.getMessage());
        assertTrue(failure.getMessage().contains("sequences of the batch [12, 77, 5, 6]"), failure.getMessage());
        assertTrue(failure.getMessage().contains("of this replica [12, 77]"), failure.getMessage());
        assertTrue(failure.getMessage().contains("/runs/a/distill/step-000010"), failure.getMessage());
    }

    private static void train(DivergenceCheck check, double factorAStep, int steps) {
        double loss = 0.5;
        for (int step = 1; step <= steps; step++) {
            check.onStep(metrics(step, loss));
            loss *= factorAStep;
        }
    }

    @Test
    void aLossThatGrowsAndGrowsStopsTheRun() {
        UserException failure = assertThrows(UserException.class, () -> train(check(5), 1.1, 100));
        assertTrue(failure.getMessage().contains("more than 5.000 times"), failure.getMessage());
        assertDoesNotThrow(() -> train(check(Double.POSITIVE_INFINITY), 1.1, 100));
    }

    @Test
    void oneBadBatchDoesNot() {
        DivergenceCheck check = check(5);
        for (int step = 1; step <= 100; step++) {
            check.onStep(metrics(step, step == 50 ? 6 : 0.5));
        }
    }

    @Test
    void aSmallLossMayGrowByAnyFactor() {
        DivergenceCheck check = check(5);
        for (int step = 1; step <= 100; step++) {
            check.onStep(metrics(step, step < 20 ? 1e-6 : 0.01));
        }
    }
}
