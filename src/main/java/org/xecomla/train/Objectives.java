package org.xecomla.train;

import org.xecomla.config.LayerMatchingConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.data.TrainingSequence;

/** The objective that sections {@code distill} and {@code targets} ask for. */
public final class Objectives {
    private Objectives() {}

    /**
     * @param student to be trained
     * @param kernels of the replica that will use it; not closed with it
     * @throws org.xecomla.errors.ConfigException where the base's layers cannot be compared with the student's
     */
    public static Objective<TrainingSequence> of(
            RunConfig config, TrainingPlan plan, ModelConfig student, Kernels kernels) {
        SequenceObjective tokens = ScheduledLoss.distillation(config, plan.numSteps());
        LayerMatchingConfig hidden = config.distill().hidden();
        if (!hidden.isEnabled()) {
            return tokens;
        }
        ModelDirectory base = ModelDirectory.open(DataFiles.path(config.models().requireBase()));
        Replica.Shape shape = plan.replicaShape(BatchSlice.whole(plan.batchSequences()));
        return new LayerMatching(tokens, hidden, base, student, shape, kernels);
    }
}
