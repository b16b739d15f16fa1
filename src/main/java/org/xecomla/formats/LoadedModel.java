package org.xecomla.formats;

import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;

/** A checkpoint loaded for inference: it owns the weights, not the kernels. */
public final class LoadedModel implements AutoCloseable {
    private final ParameterStore weights;
    private final CausalLm model;

    private LoadedModel(ParameterStore weights, CausalLm model) {
        this.weights = weights;
        this.model = model;
    }

    /**
     * Reads the checkpoint at {@code path} into memory of the kernels' type.
     *
     * @param maxSequenceLength the longest T that will be asked for, at most the model's own
     * @throws org.xecomla.errors.UserException if the directory is not a model that can be read
     */
    public static LoadedModel open(Path path, Kernels kernels, int maxSequenceLength) {
        return open(ModelDirectory.open(path), kernels, maxSequenceLength);
    }

    /** {@link #open(Path, Kernels, int)} of a directory whose configuration has been looked at already. */
    public static LoadedModel open(ModelDirectory directory, Kernels kernels, int maxSequenceLength) {
        ModelConfig config = directory.config();
        ParameterStore weights =
                ParameterStore.zeros(CausalLm.layout(config, name -> false), kernels.memory(), kernels.type());
        directory.load(weights);
        return new LoadedModel(weights, new CausalLm(config, weights, null, kernels, maxSequenceLength));
    }

    public CausalLm model() {
        return model;
    }

    public ModelConfig config() {
        return model.config();
    }

    @Override
    public void close() {
        model.close();
        weights.close();
    }
}
