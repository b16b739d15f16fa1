package org.xecomla.formats.gguf;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.RopeRowOrder;
import org.xecomla.formats.checkpoint.StudentAttention;
import org.xecomla.linalg.Matrix;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.Nd4jMemory;

/**
 * The tensors of a GGUF file, as llama.cpp lays them out.
 *
 * <p>A latent without a norm gets one that does nothing: its square stays below the norm's epsilon by 2^12 for every
 * input, and its gain, a power of two, restores the latent. So small a latent would be lost in the 16-bit scales of
 * quantised rows. Therefore its smallness stands in the gain of the layer's first norm, which is one-dimensional and
 * never quantised: that is divided by 2^10, and all rows that read it are multiplied.
 *
 * <p>Legend: D model, H heads, N nope, P rope, Dv value head, R rank of a layer's latent, Rm the largest of all.
 */
final class GgufWeights {
    private static final double NEGLIGIBLE = 0x1p-12; // largest square of a small latent, as a share of epsilon
    private static final int MOST_SHIFT = 10;
    private static final int MOST_EXPONENT = 14; // rows stay below 2^14: float16 ends at 2^16

    private final ModelSource model;
    private final ModelConfig exported;
    private final StudentAttention attention;
    private final double eps;
    private final Map<Integer, Integer> shifts = new HashMap<>();

    GgufWeights(ModelSource model, ModelConfig exported) {
        this.model = model;
        this.exported = exported;
        this.attention = new StudentAttention(model);
        this.eps = exported.rmsNormEps();
    }

    /** The tensor of parameter {@code name}, in the file's order of rows, in memory of its own. (rows, cols) */
    Tensor made(String name) {
        ParameterNames.InLayer place = ParameterNames.inLayer(name).orElse(null);
        if (place == null || !changes(name, place)) {
            return model.tensor(name);
        }
        if (GgufShape.isLatent(exported)) {
            Matrix made = place.name().equals(ParameterNames.INPUT_NORM)
                    ? attention.read(place.layer(), place.name()).scale(Math.scalb(1.0, -shift(place.layer())))
                    : projection(place.layer(), place.name());
            return tensor(ordered(made, GgufShape.order(exported, name)));
        }
        return tensor(grouped(name, place));
    }

    private static boolean changes(String name, ParameterNames.InLayer place) {
        return ParameterNames.isAttention(name) || place.name().equals(ParameterNames.INPUT_NORM);
    }

    private static Tensor tensor(Matrix m) {
        return Nd4jMemory.INSTANCE.of(ElementType.FLOAT, m.rows(), m.cols(), m.toDoubles());
    }

    private static Matrix ordered(Matrix m, RopeRowOrder order) {
        return order.isUnchanged()
                ? m
                : m.selectRows(IntStream.range(0, m.rows()).map(order::inside).toArray());
    }

    /** Half of {@code kv_b_proj} that makes keys, every head transposed. (H*Rm, N) */
    Tensor keyUp(int layer) {
        AttentionConfig.Mla stock = stock(layer);
        Matrix up = projection(layer, ParameterNames.KV_B_PROJ); // (H*(N+Dv), Rm)
        int head = stock.qkNopeHeadDim() + stock.vHeadDim();
        Matrix[] heads = IntStream.range(0, stock.numHeads())
                .mapToObj(
                        h -> up.rows(h * head, h * head + stock.qkNopeHeadDim()).transpose()) // (Rm, N)
                .toArray(Matrix[]::new);
        return tensor(Matrix.stack(heads));
    }

    /** Half of {@code kv_b_proj} that makes values. (H*Dv, Rm) */
    Tensor valueUp(int layer) {
        AttentionConfig.Mla stock = stock(layer);
        Matrix up = projection(layer, ParameterNames.KV_B_PROJ); // (H*(N+Dv), Rm)
        int head = stock.qkNopeHeadDim() + stock.vHeadDim();
        Matrix[] heads = IntStream.range(0, stock.numHeads())
                .mapToObj(h -> up.rows(h * head + stock.qkNopeHeadDim(), (h + 1) * head)) // (Dv, Rm)
                .toArray(Matrix[]::new);
        return tensor(Matrix.stack(heads));
    }

    /** What llama.cpp divides the plain frequencies by. (1, headDim/2) */
    Tensor ropeFactors() {
        AttentionConfig layer = exported.attention().get(0);
        RopeFrequencies plain = RopeFrequencies.of(layer.ropeDim(), exported.ropeTheta(), RopeScaling.NONE);
        RopeFrequencies scaled = RopeFrequencies.of(layer.ropeDim(), exported.ropeTheta(), layer.ropeScaling());
        return tensor(Matrix.build(
                1,
                layer.ropeDim() / 2,
                (r, j) -> plain.inverse().get(j) / scaled.inverse().get(j)));
    }

    /** A projection or bias of grouped-query attention: llama.cpp leaves YaRN's factor on cos and sin out. */
    private Matrix grouped(String name, ParameterNames.InLayer place) {
        ParameterShapes.Shape shape = ParameterShapes.of(exported).get(name);
        boolean bias = ParameterNames.isBias(name);
        Matrix own = bias
                ? Matrix.ofFloats(shape.cols(), 1, model.read(name))
                : Matrix.ofFloats(shape.rows(), shape.cols(), model.read(name));
        AttentionConfig layer = model.config().attention().get(place.layer());
        double factor = RopeFrequencies.of(layer.ropeDim(), exported.ropeTheta(), layer.ropeScaling())
                .attentionFactor();
        String weight = bias ? ParameterNames.weight(place.name()) : place.name();
        Matrix scaled = weight.equals(ParameterNames.Q_PROJ) && factor != 1 ? own.scale(factor * factor) : own;
        Matrix rows = ordered(scaled, GgufShape.order(exported, name));
        return bias ? rows.transpose() : rows;
    }

    private Matrix projection(int layer, String projection) {
        AttentionConfig.Mla own = own(layer);
        AttentionConfig.Mla stock = stock(layer);
        double up = Math.scalb(1.0, shift(layer));
        double qPadding = own.qNorm() ? Math.sqrt((double) stock.qLoraRank() / own.qLoraRank()) : 1;
        return switch (projection) {
            case ParameterNames.Q_PROJ -> fullQueries(layer).scale(up); // (H*(N+P), D)
            case ParameterNames.Q_A_PROJ ->
                StudentAttention.padRows(
                        attention.read(layer, projection).scale(qPadding * epsilonScale() * up),
                        stock.qLoraRank()); // (Rq, D)
            case ParameterNames.Q_A_NORM ->
                StudentAttention.padCols(attention.read(layer, projection).scale(1 / qPadding), stock.qLoraRank());
            case ParameterNames.Q_B_PROJ -> {
                Matrix padded = StudentAttention.padCols(attention.read(layer, projection), stock.qLoraRank());
                yield attention.scaledQueries(own, stock, padded); // (H*(N+P), Rq)
            }
            case ParameterNames.KV_A_PROJ -> down(layer, up);
            case ParameterNames.KV_A_NORM -> gain(layer);
            case ParameterNames.KV_B_PROJ ->
                StudentAttention.padCols(attention.read(layer, projection), stock.kvLoraRank()); // (H*(N+Dv), Rm)
            case ParameterNames.O_PROJ -> attention.read(layer, projection); // (D, H*Dv)
            default -> throw new IllegalArgumentException("attention has no parameter " + projection);
        };
    }

    private Matrix fullQueries(int layer) {
        return attention.scaledQueries(own(layer), stock(layer), attention.fullQueries(layer));
    }

    /** Latents whose norm has the model's epsilon in place of 1e-6 are scaled by this. */
    private double epsilonScale() {
        return Math.sqrt(eps / ModelConfig.LATENT_NORM_EPS);
    }

    /** Latent rows, scaled and padded, then those of the rope key. (Rm+P, D) */
    private Matrix down(int layer, double up) {
        Matrix all = attention.read(layer, ParameterNames.KV_A_PROJ); // (R+P, D)
        AttentionConfig.Mla own = own(layer);
        int rank = own.kvLoraRank();
        double factor = own.kvNorm()
                ? padding(layer) * epsilonScale()
                : Math.sqrt(eps) / attention.normFreeGain(layer, NEGLIGIBLE);
        Matrix latent = StudentAttention.padRows(
                all.rows(0, rank).scale(factor * up), stock(layer).kvLoraRank());
        return Matrix.stack(latent, all.rows(rank, all.rows()).scale(up));
    }

    private Matrix gain(int layer) {
        int rank = stock(layer).kvLoraRank();
        if (own(layer).kvNorm()) {
            Matrix gain = attention.read(layer, ParameterNames.KV_A_NORM).scale(1 / padding(layer)); // (1, R)
            return StudentAttention.padCols(gain, rank); // (1, Rm)
        }
        double gain = attention.normFreeGain(layer, NEGLIGIBLE);
        return Matrix.build(1, rank, (i, j) -> gain); // (1, Rm)
    }

    /** The mean of a norm over more dimensions is smaller by this, squared. */
    private double padding(int layer) {
        return Math.sqrt((double) stock(layer).kvLoraRank() / own(layer).kvLoraRank());
    }

    /** The power of two that moves from the layer's rows to its norm: 0 where the latent has a norm of its own. */
    private int shift(int layer) {
        return own(layer).kvNorm() ? 0 : shifts.computeIfAbsent(layer, this::largestShift);
    }

    private int largestShift(int layer) {
        AttentionConfig.Mla own = own(layer);
        Matrix queries = own.qNorm() ? attention.read(layer, ParameterNames.Q_A_PROJ) : fullQueries(layer);
        Matrix down = attention.read(layer, ParameterNames.KV_A_PROJ); // (R+P, D)
        double largest = Math.max(largest(queries), largest(down.rows(own.kvLoraRank(), down.rows())));
        int room = MOST_EXPONENT - 1 - Math.getExponent(Math.max(largest, Double.MIN_NORMAL));
        return Math.max(0, Math.min(MOST_SHIFT, room));
    }

    private static double largest(Matrix m) {
        double largest = 0;
        for (int r = 0; r < m.rows(); r++) {
            for (int c = 0; c < m.cols(); c++) {
                largest = Math.max(largest, Math.abs(m.get(r, c)));
            }
        }
        return largest;
    }

    private AttentionConfig.Mla own(int layer) {
        return (AttentionConfig.Mla) model.config().attention().get(layer);
    }

    private AttentionConfig.Mla stock(int layer) {
        return (AttentionConfig.Mla) exported.attention().get(layer);
    }
}
