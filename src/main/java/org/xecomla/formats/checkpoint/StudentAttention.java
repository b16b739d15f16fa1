package org.xecomla.formats.checkpoint;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.linalg.Matrix;

/**
 * A student's projections as other code needs them. Legend: D model, H heads, N nope, P rope.
 *
 * @param student what is exported
 */
public record StudentAttention(ModelSource student) {
    /** @param projection its name in the layer */
    public Matrix read(int layer, String projection) {
        String name = ParameterNames.layer(layer) + projection;
        ParameterShapes.Shape shape = ParameterShapes.of(student.config()).get(name);
        return Matrix.ofFloats(shape.rows(), shape.cols(), student.read(name));
    }

    /**
     * Refuses a student with biases.
     *
     * @param format whose classes have none where the student has them
     * @throws ConfigException saying what takes it
     */
    public static void requireNoBiases(ModelConfig student, String format) {
        if (student.hasBiases()) {
            throw new ConfigException("the student's projections have biases, as its base's have, and " + format
                    + " has no place for them: export it as native");
        }
    }

    /** YaRN's factor on cos and sin as every implementation computes it: mscale 1, mscale_all_dim 0. */
    public static RopeScaling stockRope(RopeScaling scaling) {
        return scaling instanceof RopeScaling.Yarn yarn
                ? new RopeScaling.Yarn(
                        yarn.factor(), yarn.originalMaxPositionEmbeddings(), yarn.betaFast(), yarn.betaSlow(), 1, 0)
                : scaling;
    }

    /**
     * Queries times what the stock softmax scale, and its factor on cos and sin, leave out.
     *
     * @param queries (H*(N+P), any)
     */
    public Matrix scaledQueries(AttentionConfig.Mla own, AttentionConfig.Mla stock, Matrix queries) {
        double nope = own.softmaxScale() / stock.softmaxScale();
        double factor = ropeFactor(own) / ropeFactor(stock);
        double[] factors = new double[queries.rows()];
        for (int row = 0; row < factors.length; row++) {
            boolean rotated = row % own.qkHeadDim() >= own.qkNopeHeadDim();
            factors[row] = rotated ? nope * factor * factor : nope;
        }
        return queries.scaleRows(factors);
    }

    private double ropeFactor(AttentionConfig.Mla layer) {
        return RopeFrequencies.of(layer.qkRopeHeadDim(), student.config().ropeTheta(), layer.ropeScaling())
                .attentionFactor();
    }
}
