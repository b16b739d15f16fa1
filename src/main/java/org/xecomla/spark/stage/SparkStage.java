package org.xecomla.spark.stage;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.xecomla.config.ReplicasConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.files.StageDirectory;
import org.xecomla.run.RunCheck;
import org.xecomla.run.RunLayout;
import org.xecomla.run.Stage;
import org.xecomla.spark.driver.StageContext;

/** A stage with its work. It holds nothing of a run: all that it works on is its context's. */
public abstract class SparkStage implements Stage {
    private final String name;
    private final String kind;
    private final List<String> inputs;
    private final Function<RunLayout, List<StageDirectory>> outputs;

    /** See {@link Stage} for the meaning of each. */
    SparkStage(String name, String kind, List<String> inputs, Function<RunLayout, List<StageDirectory>> outputs) {
        this.name = name;
        this.kind = kind;
        this.inputs = List.copyOf(inputs);
        this.outputs = outputs;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final String kind() {
        return kind;
    }

    @Override
    public final List<String> inputs() {
        return inputs;
    }

    @Override
    public final List<StageDirectory> outputs(RunLayout layout) {
        return outputs.apply(layout);
    }

    /**
     * Makes what is missing of its output: nothing where it is complete, the rest of what is there in part.
     *
     * @throws org.xecomla.errors.UserException where something is wrong that the user can mend
     */
    public abstract void run(StageContext context);

    /**
     * Looks for what would stop it later, before Spark starts.
     *
     * @throws org.xecomla.errors.UserException with the first thing that stands in its way
     */
    public void check(RunCheck check) {
        // most need no more than the base that every check opens
    }

    /** The configurations that it makes students by, where they are not the run's own. */
    public List<RunConfig> variants(RunConfig config) {
        return List.of();
    }

    /** The replicas that must run at once; empty: any number of tasks will do. */
    public Optional<ReplicasConfig> replicas(RunConfig config) {
        return Optional.empty();
    }

    /** Whether it shows the commands and settings of the run, this one's among them. */
    public boolean showsRecord() {
        return false;
    }

    @Override
    public final String toString() {
        return name;
    }
}
