package org.xecomla.train;

import java.util.Arrays;
import org.xecomla.config.UserException;

/** Stops a run whose loss or gradient is no longer a number, and names the sequences of that step. */
public final class DivergenceCheck implements TrainListener {
    @Override
    public void onStep(StepMetrics metrics) {
        if (!Double.isFinite(metrics.loss()) || !Double.isFinite(metrics.gradientNorm())) {
            throw new UserException("training diverged at step " + metrics.step() + ": loss " + metrics.loss()
                    + ", gradient norm " + metrics.gradientNorm() + " on sequences "
                    + Arrays.toString(metrics.sequences())
                    + "; lower the learning rate, or look at these sequences, and go on from the last checkpoint");
        }
    }
}
