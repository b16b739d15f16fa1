package org.xecomla.formats.deepseek;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.StudentAttention;
import org.xecomla.linalg.Matrix;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.Nd4jMemory;

/**
 * The weights of a dense DeepSeek V3 that computes what a student computes; {@link DeepseekWriter} says how.
 *
 * <p>Legend: D model, H heads, N nope, P rope, R rank of a layer's latent, Rm the largest of all.
 */
final class DeepseekWeights {
    private static final double EPS = ModelConfig.LATENT_NORM_EPS;
    private static final double NEGLIGIBLE = 0x1p-24; // largest square of a small latent, as a share of EPS

    private final ModelSource student;
    private final ModelConfig exported;
    private final StudentAttention attention;

    DeepseekWeights(ModelSource student, ModelConfig exported) {
        this.student = student;
        this.exported = exported;
        this.attention = new StudentAttention(student);
    }

    /** The parameter {@code name} of the exported model, in memory of its own. */
    Tensor made(String name) {
        if (ParameterNames.isAttention(name)) {
            ParameterNames.InLayer place = ParameterNames.inLayer(name).orElseThrow();
            Matrix made = projection(place.layer(), place.name());
            return Nd4jMemory.INSTANCE.of(ElementType.FLOAT, made.rows(), made.cols(), made.toDoubles());
        }
        boolean tiedHead = name.equals(ParameterNames.HEAD) && student.config().tieWordEmbeddings();
        Tensor tensor = student.tensor(tiedHead ? ParameterNames.EMBEDDING : name); // (rows, cols)
        if (name.equals(ParameterNames.EMBEDDING) || name.endsWith(ParameterNames.DOWN_PROJ)) {
            scale(tensor, streamScale());
        }
        return tensor;
    }

    /** What writes into the residual stream is scaled by this, so that its norms may have another epsilon. */
    private double streamScale() {
        return Math.sqrt(EPS / student.config().rmsNormEps());
    }

    private static void scale(Tensor tensor, double factor) {
        for (int r = 0; r < tensor.rows(); r++) {
            float[] row = tensor.rows(r, r + 1).toFloats();
            for (int c = 0; c < row.length; c++) {
                row[c] = (float) (row[c] * factor);
            }
            tensor.rows(r, r + 1).write(row, 0);
        }
    }

    private Matrix projection(int layer, String projection) {
        AttentionConfig.Mla own =
                (AttentionConfig.Mla) student.config().attention().get(layer);
        AttentionConfig.Mla stock = (AttentionConfig.Mla) exported.attention().get(layer);
        double qPadding = own.qNorm() ? Math.sqrt((double) stock.qLoraRank() / own.qLoraRank()) : 1;
        return switch (projection) {
            case ParameterNames.Q_PROJ -> attention.scaledQueries(own, stock, attention.fullQueries(layer));
            case ParameterNames.Q_A_PROJ ->
                StudentAttention.padRows(attention.read(layer, projection).scale(qPadding), stock.qLoraRank());
            case ParameterNames.Q_A_NORM ->
                StudentAttention.padCols(attention.read(layer, projection).scale(1 / qPadding), stock.qLoraRank());
            case ParameterNames.Q_B_PROJ ->
                attention.scaledQueries(
                        own,
                        stock,
                        StudentAttention.padCols(
                                attention.read(layer, projection), stock.qLoraRank())); // (H*(N+P), Rq)
            case ParameterNames.KV_A_PROJ -> down(layer, own, stock);
            case ParameterNames.KV_A_NORM -> gain(layer, own, stock);
            case ParameterNames.KV_B_PROJ ->
                StudentAttention.padCols(attention.read(layer, projection), stock.kvLoraRank()); // (H*(N+Dv), Rm)
            case ParameterNames.O_PROJ -> attention.read(layer, projection).scale(streamScale()); // (D, H*Dv)
            default -> throw new IllegalArgumentException("attention has no parameter " + projection);
        };
    }

    /** Latent rows, scaled and padded, then those of the rope key. (Rm+P, D) */
    private Matrix down(int layer, AttentionConfig.Mla own, AttentionConfig.Mla stock) {
        Matrix all = attention.read(layer, ParameterNames.KV_A_PROJ); // (R+P, D)
        int rank = own.kvLoraRank();
        double factor = own.kvNorm()
                ? Math.sqrt((double) stock.kvLoraRank() / rank)
                : Math.sqrt(EPS) / attention.normFreeGain(layer, NEGLIGIBLE);
        Matrix latent = StudentAttention.padRows(all.rows(0, rank).scale(factor), stock.kvLoraRank()); // (Rm, D)
        return Matrix.stack(latent, all.rows(rank, all.rows()));
    }

    private Matrix gain(int layer, AttentionConfig.Mla own, AttentionConfig.Mla stock) {
        if (own.kvNorm()) {
            double padding = Math.sqrt((double) stock.kvLoraRank() / own.kvLoraRank());
            return StudentAttention.padCols(
                    attention.read(layer, ParameterNames.KV_A_NORM).scale(1 / padding), stock.kvLoraRank()); // (1, Rm)
        }
        double gain = attention.normFreeGain(layer, NEGLIGIBLE);
        return Matrix.build(1, stock.kvLoraRank(), (i, j) -> gain); // (1, Rm)
    }
}
