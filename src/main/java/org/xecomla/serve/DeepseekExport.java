package org.xecomla.serve;

import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.SaveOptions;
import org.xecomla.linalg.Matrix;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.Tensor;

/**
 * A student as dense DeepSeek V3, which computes the same function in stock classes.
 *
 * <ul>
 *   <li>A latent without a norm gets one that does nothing: the latent is made so small that the norm's epsilon
 *       outweighs its square, for every possible input, by 2^24; the norm is then a division by sqrt(epsilon), and the
 *       gain, a power of two, restores the latent. Not for F16, which cannot hold such latents; and never to be
 *       trained.
 *   <li>Servers take the latents' epsilon from {@code rms_norm_eps}, transformers fixes 1e-6: the residual stream is
 *       scaled such that 1e-6 is right everywhere.
 *   <li>Smaller ranks are padded with zeros; a norm over more dimensions is undone in the rows before it and its gain.
 *   <li>Low-rank queries without a norm are multiplied out; softmax scale and YaRN's factor go into the queries.
 * </ul>
 *
 * <p>Legend: D model, H heads, N nope, P rope, R rank of a layer's latent, Rm the largest of all.
 */
public final class DeepseekExport {
    private static final double EPS = ModelConfig.LATENT_NORM_EPS;
    private static final double NEGLIGIBLE = 0x1p-24; // largest square of a small latent, as a share of EPS

    private final ModelDirectory student;
    private final ModelConfig exported;
    private final StudentAttention attention;

    private DeepseekExport(ModelDirectory student) {
        this.student = student;
        this.exported = exported(student.config());
        this.attention = new StudentAttention(student);
    }

    /**
     * Writes {@code student} to {@code directory}.
     *
     * @throws ConfigException where DeepSeek's classes cannot compute the student, saying why
     */
    public static void write(ModelDirectory student, Path directory, SaveOptions options) {
        DeepseekExport export = new DeepseekExport(student);
        boolean normFree = latent(student.config()).stream().anyMatch(layer -> !layer.kvNorm());
        if (normFree && options.dtype() == Dtype.F16) {
            throw new ConfigException("the student's latents have no norm, and F16 cannot hold them as small as stock"
                    + " classes need them: export it as BF16 or F32");
        }
        try (DerivedWeights weights = new DerivedWeights(export::made)) {
            ModelDirectory.saveDeepseek(directory, export.exported, weights, options);
        }
    }

    /** The shape that is written, with {@code kv_lora_rank} the largest of all layers. */
    public static ModelConfig exported(ModelConfig student) {
        List<AttentionConfig.Mla> layers = latent(student);
        AttentionConfig.Mla first = layers.get(0);
        boolean normedQueries = layers.stream().allMatch(AttentionConfig.Mla::qNorm);
        int qRank = normedQueries
                ? layers.stream().mapToInt(AttentionConfig.Mla::qLoraRank).max().orElse(0)
                : 0;
        int kvRank =
                layers.stream().mapToInt(AttentionConfig.Mla::kvLoraRank).max().orElseThrow();
        AttentionConfig.Mla layer = new AttentionConfig.Mla(
                first.numHeads(),
                qRank,
                kvRank,
                first.qkNopeHeadDim(),
                first.qkRopeHeadDim(),
                first.vHeadDim(),
                qRank > 0,
                true,
                StudentAttention.stockRope(first.ropeScaling()),
                Math.pow(first.qkHeadDim(), -0.5));
        List<AttentionConfig> all = new ArrayList<>(layers);
        all.replaceAll(any -> layer);
        return new ModelConfig(
                student.hiddenSize(),
                student.intermediateSize(),
                student.vocabSize(),
                student.maxPositionEmbeddings(),
                EPS,
                student.ropeTheta(),
                false,
                student.bosTokenId(),
                student.eosTokenId(),
                all);
    }

    private static List<AttentionConfig.Mla> latent(ModelConfig student) {
        List<AttentionConfig.Mla> layers = new ArrayList<>();
        for (AttentionConfig layer : student.attention()) {
            if (!(layer instanceof AttentionConfig.Mla mla)) {
                throw new ConfigException("layer " + layers.size() + " of the student is grouped-query attention, and"
                        + " every layer of DeepSeek V3 is latent: hybrids have no deepseek-v3 export");
            }
            layers.add(mla);
        }
        requireOneShape(layers);
        return layers;
    }

    private static void requireOneShape(List<AttentionConfig.Mla> layers) {
        AttentionConfig.Mla first = layers.get(0);
        if (first.ropeScaling() instanceof RopeScaling.Explicit) {
            throw new ConfigException(
                    "the student has rope frequencies of its own (upcycle.rope-rows = strongest), which"
                            + " DeepSeek's classes cannot compute");
        }
        boolean someNormed = layers.stream().anyMatch(AttentionConfig.Mla::qNorm);
        for (AttentionConfig.Mla layer : layers) {
            if (layer.numHeads() != first.numHeads()
                    || layer.qkNopeHeadDim() != first.qkNopeHeadDim()
                    || layer.qkRopeHeadDim() != first.qkRopeHeadDim()
                    || layer.vHeadDim() != first.vHeadDim()
                    || !layer.ropeScaling().equals(first.ropeScaling())
                    || layer.qNorm() != someNormed) {
                throw new ConfigException(
                        "the student's layers differ in more than their ranks, and those of DeepSeek V3"
                                + " do not: it has no deepseek-v3 export");
            }
        }
    }

    private Tensor made(String name) {
        if (ParameterNames.isAttention(name)) {
            ParameterNames.InLayer place = ParameterNames.inLayer(name).orElseThrow();
            Matrix made = projection(place.layer(), place.name());
            return Tensor.of(DataType.FLOAT, made.rows(), made.cols(), made.toDoubles());
        }
        boolean tiedHead = name.equals(ParameterNames.HEAD) && student.config().tieWordEmbeddings();
        ParameterShapes.Shape shape = ParameterShapes.of(exported).get(name);
        Tensor tensor = Tensor.zeros(DataType.FLOAT, shape.rows(), shape.cols()); // (rows, cols)
        student.load(tiedHead ? ParameterNames.EMBEDDING : name, tensor);
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
            case ParameterNames.Q_PROJ -> attention.scaledQueries(own, stock, fullQueries(layer, own));
            case ParameterNames.Q_A_PROJ ->
                padRows(attention.read(layer, projection).scale(qPadding), own.qLoraRank(), stock.qLoraRank());
            case ParameterNames.Q_A_NORM ->
                padCols(attention.read(layer, projection).scale(1 / qPadding), stock.qLoraRank());
            case ParameterNames.Q_B_PROJ ->
                attention.scaledQueries(
                        own, stock, padCols(attention.read(layer, projection), stock.qLoraRank())); // (H*(N+P), Rq)
            case ParameterNames.KV_A_PROJ -> down(layer, own, stock);
            case ParameterNames.KV_A_NORM -> gain(layer, own, stock);
            case ParameterNames.KV_B_PROJ ->
                padCols(attention.read(layer, projection), stock.kvLoraRank()); // (H*(N+Dv), Rm)
            case ParameterNames.O_PROJ -> attention.read(layer, projection).scale(streamScale()); // (D, H*Dv)
            default -> throw new IllegalArgumentException("attention has no parameter " + projection);
        };
    }

    private Matrix fullQueries(int layer, AttentionConfig.Mla own) {
        return own.qLoraRank() == 0
                ? attention.read(layer, ParameterNames.Q_PROJ)
                : attention
                        .read(layer, ParameterNames.Q_B_PROJ)
                        .times(attention.read(layer, ParameterNames.Q_A_PROJ)); // (H*(N+P), D)
    }

    /** Latent rows, scaled and padded, then those of the rope key. (Rm+P, D) */
    private Matrix down(int layer, AttentionConfig.Mla own, AttentionConfig.Mla stock) {
        Matrix all = attention.read(layer, ParameterNames.KV_A_PROJ); // (R+P, D)
        int rank = own.kvLoraRank();
        double factor = own.kvNorm()
                ? Math.sqrt((double) stock.kvLoraRank() / rank)
                : Math.sqrt(EPS) / gainOfNormFree(layer, rank);
        Matrix latent = padRows(all.rows(0, rank).scale(factor), rank, stock.kvLoraRank()); // (Rm, D)
        return Matrix.stack(latent, all.rows(rank, all.rows()));
    }

    private Matrix gain(int layer, AttentionConfig.Mla own, AttentionConfig.Mla stock) {
        if (own.kvNorm()) {
            double padding = Math.sqrt((double) stock.kvLoraRank() / own.kvLoraRank());
            return padCols(
                    attention.read(layer, ParameterNames.KV_A_NORM).scale(1 / padding), stock.kvLoraRank()); // (1, Rm)
        }
        double gain = gainOfNormFree(layer, own.kvLoraRank());
        return Matrix.build(1, stock.kvLoraRank(), (i, j) -> gain); // (1, Rm)
    }

    /**
     * The power of two g such that latents times sqrt(EPS) / g have a mean square below EPS * 2^-24 whatever the input:
     * an RMSNorm's output before its gain has a squared length of at most D.
     */
    private double gainOfNormFree(int layer, int rank) {
        Matrix latent = attention.read(layer, ParameterNames.KV_A_PROJ).rows(0, rank); // (R, D)
        float[] inputGain = student.read(ParameterNames.layer(layer) + ParameterNames.INPUT_NORM);
        double[] factors = new double[inputGain.length];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = inputGain[i];
        }
        double meanSquare = latent.scaleCols(factors).sumOfSquares() * factors.length / rank;
        double least = Math.sqrt(Math.max(meanSquare, Double.MIN_NORMAL) / NEGLIGIBLE);
        return Math.max(1, Math.scalb(1.0, Math.getExponent(least) + 1));
    }

    private static Matrix padRows(Matrix m, int rows, int padded) {
        return rows == padded ? m : Matrix.stack(m, Matrix.zeros(padded - rows, m.cols()));
    }

    private static Matrix padCols(Matrix m, int padded) {
        return m.cols() == padded ? m : Matrix.build(m.rows(), padded, (r, c) -> c < m.cols() ? m.get(r, c) : 0);
    }
}
