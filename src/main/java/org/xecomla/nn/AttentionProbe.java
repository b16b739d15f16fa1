package org.xecomla.nn;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.engine.SizingKernels;

/**
 * The attention of one layer alone, forward only, on inputs that are given: what a search judges a converted layer by.
 * Legend: T tokens, D model.
 */
public final class AttentionProbe {
    private AttentionProbe() {}

    /**
     * What the attention adds to the residual stream, causal over one window.
     *
     * @param config grouped-query or latent attention
     * @param ropeTheta of the model
     * @param weights with queries in one matrix, q_proj, whose columns are as many as the inputs
     * @param prefix of the layer's parameter names in {@code weights}, with its trailing dot
     * @param x (T*I), inputs after the RMSNorm, row by row; I is D where nothing is appended to them
     * @return (T*D)
     */
    public static float[] outputs(
            AttentionConfig config,
            double ropeTheta,
            ParameterStore weights,
            String prefix,
            Kernels kernels,
            float[] x) {
        int hiddenSize = weights.get(prefix + ParameterNames.O_PROJ).rows();
        int numInputs = weights.get(prefix + ParameterNames.Q_PROJ).cols();
        int length = x.length / numInputs;
        Sequences window = Sequences.of(1, length);
        RopeFrequencies frequencies = RopeFrequencies.of(config.ropeDim(), ropeTheta, config.ropeScaling());
        try (RopeTable rope = RopeTable.of(frequencies, length, kernels.memory(), kernels.type());
                Arena arena = Arena.of(kernels, arenaBytes(config, weights, prefix, rope, window))) {
            Tensor input = arena.matrix(length, numInputs); // (T, I)
            Tensor output = arena.matrix(length, hiddenSize); // (T, D)
            input.write(x, 0);
            kernels.elementwise().fill(output, 0);
            Attention.of(config, prefix, new Parameters(weights, null, kernels), rope)
                    .forward(input, window, output, arena);
            return output.toFloats();
        }
    }

    private static long arenaBytes(
            AttentionConfig config, ParameterStore weights, String prefix, RopeTable rope, Sequences window) {
        try (Arena sizing = Arena.sizing(weights.type());
                Kernels nothing = new SizingKernels(weights.type())) {
            int numInputs = weights.get(prefix + ParameterNames.Q_PROJ).cols();
            int hiddenSize = weights.get(prefix + ParameterNames.O_PROJ).rows();
            Tensor input = sizing.matrix(window.queryLength(), numInputs); // (T, I)
            Tensor output = sizing.matrix(window.queryLength(), hiddenSize); // (T, D)
            Attention.of(config, prefix, new Parameters(weights, null, nothing), rope)
                    .forward(input, window, output, sizing);
            return sizing.peakBytes();
        }
    }
}
