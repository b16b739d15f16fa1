package org.xecomla.upcycle.base;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.linalg.Matrix;
import org.xecomla.tensor.Tensor;

/** A base model's shape and its parameters, read one at a time. */
public interface BaseWeights {
    ModelConfig config();

    /** A parameter in row-major order, rope rows half-split. */
    float[] read(String parameter);

    /** Copies a parameter into {@code target} (rows, cols), which may be larger than the heap. */
    default void copy(String parameter, Tensor target) {
        target.write(read(parameter), 0);
    }

    static BaseWeights of(ModelDirectory directory) {
        return new BaseWeights() {
            @Override
            public ModelConfig config() {
                return directory.config();
            }

            @Override
            public float[] read(String parameter) {
                return directory.read(parameter);
            }

            @Override
            public void copy(String parameter, Tensor target) {
                directory.load(parameter, target);
            }
        };
    }

    /** The attention weights of one layer, which is grouped-query attention. */
    default BaseAttention attention(int layer) {
        AttentionConfig.Gqa shape = (AttentionConfig.Gqa) config().attention().get(layer);
        String prefix = ParameterNames.layer(layer);
        Matrix query = projection(prefix + ParameterNames.Q_PROJ, shape.numHeads() * shape.headDim(), shape);
        Matrix key = projection(prefix + ParameterNames.K_PROJ, shape.numKvHeads() * shape.headDim(), shape);
        Matrix value = projection(prefix + ParameterNames.V_PROJ, shape.numKvHeads() * shape.headDim(), shape);
        if (shape.norm() == null) {
            return new BaseAttention(shape, config().ropeTheta(), query, key, value);
        }
        NormedHeads normed = NormedHeads.of(
                shape, query, key, read(prefix + ParameterNames.Q_NORM), read(prefix + ParameterNames.K_NORM));
        return new BaseAttention(shape, config().ropeTheta(), normed.unitQuery(), normed.unitKey(), value, normed);
    }

    private Matrix projection(String weight, int numRows, AttentionConfig.Gqa shape) {
        Matrix matrix = Matrix.ofFloats(numRows, config().hiddenSize(), read(weight)); // (rows, D)
        if (!shape.biases().ofInputs()) {
            return matrix;
        }
        float[] bias = read(ParameterNames.bias(weight)); // (rows)
        return Matrix.build(
                numRows, shape.numInputs(matrix.cols()), (r, c) -> c < matrix.cols() ? matrix.get(r, c) : bias[r]);
    }
}
