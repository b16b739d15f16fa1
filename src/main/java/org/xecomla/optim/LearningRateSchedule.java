package org.xecomla.optim;

/**
 * Linear warm-up to the peak, then half a cosine down to the minimum.
 *
 * <p>Steps count from 0. Step s of the warm-up has peak * (s + 1) / warmupSteps, so that no step is spent at 0 and the
 * last step of the warm-up is at the peak; step s after it has minimum + (peak - minimum) * (1 + cos(pi p)) / 2 with p
 * = (s - warmupSteps) / (totalSteps - warmupSteps), as Hugging Face's {@code get_cosine_schedule_with_warmup}. From
 * totalSteps on it is the minimum.
 */
public record LearningRateSchedule(double peak, double minimum, long warmupSteps, long totalSteps) {
    public LearningRateSchedule {
        if (!(peak > 0 && minimum >= 0 && minimum <= peak) || warmupSteps < 0 || totalSteps < warmupSteps) {
            throw new IllegalArgumentException("no learning-rate schedule from " + peak + " to " + minimum + " with "
                    + warmupSteps + " of " + totalSteps + " steps of warm-up");
        }
    }

    /** The same rate at every step. */
    public static LearningRateSchedule constant(double rate) {
        return new LearningRateSchedule(rate, rate, 0, 0);
    }

    /** The rate of step {@code step}, counted from 0. */
    public double at(long step) {
        if (step < warmupSteps) {
            return peak * (step + 1) / warmupSteps;
        }
        if (step >= totalSteps) {
            return minimum;
        }
        double progress = (double) (step - warmupSteps) / (totalSteps - warmupSteps);
        return minimum + (peak - minimum) * (1 + Math.cos(Math.PI * progress)) / 2;
    }
}
