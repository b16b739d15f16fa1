package org.xecomla.train;

import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;

/** Saves the run at the first round that ends on or after every {@code everySteps}-th step, and at the end. */
public final class Checkpointer implements TrainListener {
    private final TrainerCheckpoint checkpoints;
    private final TrainerState state;
    private final long everySteps;
    private final Consumer<Path> saved;
    private long lastStep;

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
        if (everySteps < 1) {
            throw new IllegalArgumentException("a checkpoint every " + everySteps + " steps");
        }
        this.checkpoints = checkpoints;
        this.state = state;
        this.everySteps = everySteps;
        this.saved = saved;
        this.lastStep = from.step();
    }

    @Override
    public void onRound(RoundMetrics metrics, TrainingProgress progress, boolean last) {
        if (last || progress.step() / everySteps > lastStep / everySteps) {
            saved.accept(checkpoints.save(state, progress));
        }
        lastStep = progress.step();
    }
}
