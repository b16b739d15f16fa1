package org.xecomla.train;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * Stops a run whose loss or gradient is no longer a number, or whose loss, smoothed over some ten steps, has grown to a
 * multiple of what it was in the first ten of this process and is above 1. The message names the sequences of the
 * step's whole batch and the last good checkpoint.
 */
final class DivergenceCheck implements TrainListener {
    private static final int FIRST_STEPS = 10;
    private static final double SMOOTHING = 1.0 / FIRST_STEPS;
    private static final double ALWAYS_FINE = 1;

    private final double maxLossGrowth;
    private final LongFunction<long[]> batch;
    private final Supplier<Optional<Path>> lastCheckpoint;
    private int numSteps;
    private double firstLoss;
    private double smoothLoss;

    /**
     * @param maxLossGrowth infinite: only what is not a number stops the run
     * @param batch gives the sample numbers of the whole batch of step s of the run, 1 being the first
     */
    DivergenceCheck(double maxLossGrowth, LongFunction<long[]> batch, Supplier<Optional<Path>> lastCheckpoint) {
        this.maxLossGrowth = maxLossGrowth;
        this.batch = batch;
        this.lastCheckpoint = lastCheckpoint;
    }

    @Override
    public void onStep(StepMetrics metrics) {
        if (!Double.isFinite(metrics.loss()) || !Double.isFinite(metrics.gradientNorm())) {
            throw diverged(metrics, "loss " + metrics.loss() + ", gradient norm " + metrics.gradientNorm());
        }
        if (++numSteps <= FIRST_STEPS) {
            firstLoss += (metrics.loss() - firstLoss) / numSteps;
            smoothLoss = firstLoss;
            return;
        }
        smoothLoss += SMOOTHING * (metrics.loss() - smoothLoss);
        if (smoothLoss > maxLossGrowth * firstLoss && smoothLoss > ALWAYS_FINE) {
            throw diverged(
                    metrics,
                    String.format(
                            Locale.ROOT,
                            "the loss has grown from %.4g to %.4g, more than %.4g times",
                            firstLoss,
                            smoothLoss,
                            maxLossGrowth));
        }
    }

    private UserException diverged(StepMetrics metrics, String how) {
        String checkpoint = lastCheckpoint
                .get()
                .map(path -> "the last good checkpoint is " + DataFiles.display(path))
                .orElse("there is no checkpoint yet");
        return new UserException(
                "training diverged at step " + metrics.step() + ": " + how + "; sequences of the batch "
                        + Arrays.toString(batch.apply(metrics.step())) + ", of this replica "
                        + Arrays.toString(metrics.sequences()) + "; " + checkpoint
                        + "; lower the learning rate, or look at these sequences, and run again");
    }
}
