package org.xecomla.upcycle;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.upcycle.base.BaseWeights;

/** A Llama with random weights. */
record RandomBase(ModelConfig config, Map<String, float[]> weights) implements BaseWeights {

    static RandomBase of(int numHeads, int numKvHeads, int headDim, RopeScaling scaling, int numLayers, long seed) {
        return of(new AttentionConfig.Gqa(numHeads, numKvHeads, headDim, scaling), numLayers, seed);
    }

    static RandomBase of(AttentionConfig.Gqa attention, int numLayers, long seed) {
        List<AttentionConfig> layers = Collections.nCopies(numLayers, attention);
        int d = attention.numHeads() * attention.headDim() + 4; // wider than all heads together
        ModelConfig config = new ModelConfig(d, 3 * d / 2, 41, 128, 1e-5, 10000, true, 1, 2, layers);
        Random random = new Random(seed);
        Map<String, float[]> weights = new HashMap<>();
        ParameterShapes.of(config).forEach((name, shape) -> {
            float[] values = new float[shape.rows() * shape.cols()];
            boolean norm = name.contains("norm");
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (norm ? 1 + 0.1 * random.nextGaussian() : 0.3 * random.nextGaussian());
            }
            weights.put(name, values);
        });
        return new RandomBase(config, weights);
    }

    @Override
    public float[] read(String parameter) {
        return weights.get(parameter);
    }
}
