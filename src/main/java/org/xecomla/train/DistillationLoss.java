package org.xecomla.train;

import org.xecomla.checkpoint.ModelDirectory;
import org.xecomla.config.HiddenLossConfig;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.tensor.Kernels;

/** The objective that sections {@code distill} and {@code targets} ask for. */
public final class DistillationLoss {
    private DistillationLoss() {}

    /**
     * @param student to be trained
     * @param kernels of the replica that will use it; not closed with it
     * @throws org.xecomla.config.ConfigException where the base's layers cannot be compared with the student's
     */
    public static Objective<TrainingSequence> of(
            RunConfig config, TrainingPlan plan, ModelConfig student, Kernels kernels) {
        TokenObjective tokens = ScheduledLoss.distillation(config, plan.numSteps());
        HiddenLossConfig hidden = config.distill().hidden();
        if (!hidden.isAsked()) {
            return tokens;
        }
        ModelDirectory base = ModelDirectory.open(DataFiles.path(config.models().requireBase()));
        Replica.Shape shape = plan.replicaShape(BatchSlice.whole(plan.batchSequences()));
        return new HiddenStateLoss(tokens, hidden, base, student, shape, kernels);
    }
}
