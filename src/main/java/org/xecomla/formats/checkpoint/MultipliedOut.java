package org.xecomla.formats.checkpoint;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.linalg.Matrix;
import org.xecomla.tensor.Tensor;

/**
 * A model whose keys and values are products, as the plain grouped-query attention that it computes: the same logits
 * wherever that runs, with the base's cache.
 *
 * @param config of what is made
 * @param model what is multiplied out
 */
public record MultipliedOut(ModelConfig config, ModelSource model) implements ModelSource {
    /** {@code model} itself where it has no such layer. */
    public static ModelSource of(ModelSource model) {
        return isNeeded(model.config()) ? new MultipliedOut(of(model.config()), model) : model;
    }

    /** Whether any layer's keys and values are products. */
    public static boolean isNeeded(ModelConfig model) {
        return !model.layers(AttentionConfig.LowRankGqa.class).isEmpty();
    }

    private static ModelConfig of(ModelConfig model) {
        return model.withAttention(model.attention().stream()
                .map(layer -> layer instanceof AttentionConfig.LowRankGqa lowRank ? lowRank.full() : layer)
                .toList());
    }

    @Override
    public float[] read(String parameter) {
        ParameterNames.InLayer place = ParameterNames.inLayer(parameter).orElse(null);
        if (place == null || !(model.config().attention().get(place.layer()) instanceof AttentionConfig.LowRankGqa)) {
            return model.read(parameter);
        }
        String prefix = ParameterNames.layer(place.layer());
        boolean bias = ParameterNames.isBias(place.name());
        return switch (bias ? ParameterNames.weight(place.name()) : place.name()) {
            case ParameterNames.K_PROJ -> projection(prefix, ParameterNames.K_A_PROJ, ParameterNames.K_B_PROJ, bias);
            case ParameterNames.V_PROJ -> projection(prefix, ParameterNames.V_A_PROJ, ParameterNames.V_B_PROJ, bias);
            default -> model.read(parameter);
        };
    }

    /** The product, or the bias that is added to it. */
    private float[] projection(String prefix, String down, String up, boolean bias) {
        return bias
                ? model.read(prefix + ParameterNames.bias(up))
                : matrix(prefix + up).times(matrix(prefix + down)).toFloats(); // (G*K, D)
    }

    private Matrix matrix(String parameter) {
        ParameterShapes.Shape shape = ParameterShapes.of(model.config()).get(parameter);
        return Matrix.ofFloats(shape.rows(), shape.cols(), model.read(parameter));
    }

    @Override
    public void load(String parameter, Tensor target) {
        target.write(read(parameter), 0);
    }
}
