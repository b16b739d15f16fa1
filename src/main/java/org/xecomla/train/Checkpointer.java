package org.xecomla.train;

import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;

/** Saves the run at the first round that ends on or after every {@code everySteps}-th step, and at the end. */
public final class Checkpointer implements TrainListener {
    private final TrainerCheckpoint checkpoints;
    private final TrainerState state;
    private final StepInterval interval;
    private final Consumer<Path> saved;

    /**
     * @param from where the run stands: nothing is saved again before a step is taken
     * @param saved is told the path of every checkpoint once it is complete
     */
    Checkpointer(
            TrainerCheckpoint checkpoints,
            TrainerState state,
            long everySteps,
            TrainingProgress from,
            Consumer<Path> saved) {
        this.checkpoints = checkpoints;
        this.state = state;
        this.interval = new StepInterval(everySteps, from);
        this.saved = saved;
    }

    @Override
    public void onRound(RoundMetrics metrics, boolean last) {
        if (interval.isDue(metrics.step(), last)) {
            saved.accept(checkpoints.save(state, metrics.progress()));
        }
    }
}
