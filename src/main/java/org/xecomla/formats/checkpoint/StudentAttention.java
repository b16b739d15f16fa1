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
     * Refuses a student with biases, with what makes up for norms of queries and keys, with layers that are not
     * rotated, or with latents of keys and values apart.
     *
     * @param format whose classes have none of these
     * @throws ConfigException saying what takes it
     */
    public static void requirePlain(ModelConfig student, String format) {
        if (!student.layers(AttentionConfig.LowRankGqa.class).isEmpty()) {
            throw new ConfigException(
                    "keys and values of the student have a latent each (upcycle.method = lowrank), which "
                            + format
                            + " has no place for: export it as native, or as llama or gguf with keys and values"
                            + " multiplied out");
        }
        if (student.layers(AttentionConfig.Mla.class).stream().anyMatch(layer -> layer.keyScales() != null)) {
            throw new ConfigException("the student's base normalises queries and keys, for which its scores are"
                    + " multiplied by lengths that it caches, and " + format
                    + " has no place for them: export it as native");
        }
        for (int l = 0; l < student.numLayers(); l++) {
            if (!student.attention().get(l).isRotated()) {
                throw new ConfigException("layer " + l + " of the student is not rotated, as its base's is not, and "
                        + format + " rotates every layer: export it as native");
            }
        }
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

    /** Queries of latent layer {@code layer}, without a norm, as one matrix. (H*(N+P), D) */
    public Matrix fullQueries(int layer) {
        return latent(layer).qLoraRank() == 0
                ? read(layer, ParameterNames.Q_PROJ)
                : read(layer, ParameterNames.Q_B_PROJ).times(read(layer, ParameterNames.Q_A_PROJ)); // (H*(N+P), D)
    }

    /**
     * The power of two g such that latents of layer {@code layer}, divided by g, have a mean square below {@code
     * negligible} whatever the input: an RMSNorm's output before its gain has a squared length of at most D.
     */
    public double normFreeGain(int layer, double negligible) {
        int rank = latent(layer).kvLoraRank();
        Matrix down = read(layer, ParameterNames.KV_A_PROJ).rows(0, rank); // (R, D)
        float[] inputGain = student.read(ParameterNames.layer(layer) + ParameterNames.INPUT_NORM);
        double[] factors = new double[inputGain.length];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = inputGain[i];
        }
        double meanSquare = down.scaleCols(factors).sumOfSquares() * factors.length / rank;
        double least = Math.sqrt(Math.max(meanSquare, Double.MIN_NORMAL) / negligible);
        return Math.max(1, Math.scalb(1.0, Math.getExponent(least) + 1));
    }

    private AttentionConfig.Mla latent(int layer) {
        return (AttentionConfig.Mla) student.config().attention().get(layer);
    }

    /** {@code m} with rows of zeros below. */
    public static Matrix padRows(Matrix m, int padded) {
        return m.rows() == padded ? m : Matrix.stack(m, Matrix.zeros(padded - m.rows(), m.cols()));
    }

    /** {@code m} with columns of zeros to the right. */
    public static Matrix padCols(Matrix m, int padded) {
        return m.cols() == padded ? m : Matrix.build(m.rows(), padded, (r, c) -> c < m.cols() ? m.get(r, c) : 0);
    }
}
