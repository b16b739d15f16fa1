package org.xecomla.train;

import java.util.function.Supplier;
import org.xecomla.config.DistillConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.data.TrainingSequence;

/** The objectives that a configuration asks for. */
public final class Objectives {
    private Objectives() {}

    /**
     * The objective of sections {@code distill} and {@code targets}.
     *
     * @param student to be trained
     * @param base whose layers the student's are compared with; asked for where they are
     * @param kernels of the replica that will use it; not closed with it
     * @throws org.xecomla.errors.ConfigException where the base's layers cannot be compared with the student's
     */
    public static Objective<TrainingSequence> distillation(
            RunConfig config, TrainingPlan plan, ModelConfig student, Supplier<ModelDirectory> base, Kernels kernels) {
        DistillConfig distill = config.distill();
        LayerMatching layers = null;
        if (distill.hidden().isEnabled()) {
            Replica.Shape shape = plan.replicaShape(BatchSlice.whole(plan.batchSequences()));
            layers = new LayerMatching(distill.hidden(), base.get(), student, shape, kernels);
        }
        return new DistillationObjective(
                TokenObjective.distillation(config),
                distill.alphaSchedule(),
                distill.temperatureSchedule(),
                plan.numSteps(),
                layers);
    }
}
