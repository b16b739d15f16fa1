package org.xecomla.spark.leg;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ReplicasConfig;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.Objective;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.data.Samples;

/**
 * What a stage trains: which model, on what, by what loss. It travels to the tasks, so that it holds names only and
 * opens files itself.
 *
 * @param <S> a sample
 */
public interface TrainingWork<S> extends Serializable {
    /** The name of the stage, for a person. */
    String name();

    /** Directory of the checkpoints, which is the stage's output. */
    Path output();

    /** The model to begin with. */
    Path start();

    /** The samples; the caller closes them. */
    Samples<S> open();

    TrainingPlan plan(Samples<S> samples);

    /**
     * What is minimised; the caller closes it.
     *
     * @param kernels of the replica that will use it
     */
    Objective<S> objective(TrainingPlan plan, Kernels kernels);

    ReplicasConfig replicas();
}
