package org.xecomla.upcycle;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.base.MomentSums;
import org.xecomla.upcycle.lowrank.GradientBasis;
import org.xecomla.upcycle.lowrank.LayerSpectrum;

/**
 * A latent layer of full rank, cut to what the loss minds of its latent ({@link GradientBasis}): kv_a' = E kv_a and
 * kv_b' = kv_b D. Legend: D model, one more where there are biases; n full rank, R rank, P rope, H heads, N nope, E
 * value dimension.
 */
final class GradientReduction {
    private GradientReduction() {}

    /** What the rank of a layer is chosen by, of moments of the latent and of its gradient. */
    static LayerSpectrum spectrum(BaseAttention base, MomentSums moments) {
        return new LayerSpectrum(
                LowRankUpcycler.logCondition(base), List.of(basis(moments).energies()));
    }

    private static GradientBasis basis(MomentSums moments) {
        return GradientBasis.of(moments.mean(0), moments.mean(1));
    }

    /**
     * @param full the layer that the gradients were taken in, without a norm on its latent
     * @param plan with the rank, and whether there is a norm
     */
    static UpcycledLayer of(UpcycledLayer full, LayerPlan plan, LayerActivations activations) {
        String prefix = ParameterNames.layer(plan.layer());
        Matrix both = withBias(full.tensors(), prefix + ParameterNames.KV_A_PROJ); // (n+P, D)
        int n = full.attention().kvLoraRank();
        GradientBasis basis = basis(activations.gradients());
        int rank = plan.kvRank().rank(Matrix.build(1, n, (i, j) -> Math.sqrt(basis.energies()[j])));
        Matrix down = basis.down(rank).times(both.rows(0, n)); // (R, D)
        LatentNorm norm = plan.kvNorm() ? LatentNorm.fitted(down, activations) : LatentNorm.NONE;
        Map<String, Matrix> tensors = new LinkedHashMap<>(full.tensors());
        putWithBias(
                tensors,
                prefix + ParameterNames.KV_A_PROJ,
                Matrix.stack(norm.applyToDown(down), both.rows(n, both.rows()))); // (R+P, D)
        norm.putInto(tensors, prefix);
        Matrix up = full.tensors().get(prefix + ParameterNames.KV_B_PROJ).times(basis.up(rank)); // (H*(N+E), R)
        tensors.put(prefix + ParameterNames.KV_B_PROJ, norm.applyToUp(up));
        AttentionConfig attention = full.attention().withLatent(rank, plan.kvNorm());
        LayerReport report = full.report();
        return new UpcycledLayer(
                tensors,
                new LayerReport(
                        report.layer(),
                        attention,
                        report.baseKvElements(),
                        basis.kept(rank),
                        report.queryEnergy(),
                        report.ropeEnergy(),
                        norm.error()));
    }

    /** A weight, its bias behind it where it has one. */
    private static Matrix withBias(Map<String, Matrix> tensors, String weight) {
        Matrix matrix = tensors.get(weight);
        Matrix bias = tensors.get(ParameterNames.bias(weight)); // (1, rows)
        return bias == null
                ? matrix
                : Matrix.build(
                        matrix.rows(),
                        matrix.cols() + 1,
                        (r, c) -> c < matrix.cols() ? matrix.get(r, c) : bias.get(0, r));
    }

    /** The inverse of {@link #withBias}. */
    private static void putWithBias(Map<String, Matrix> tensors, String weight, Matrix both) {
        int d = tensors.get(weight).cols();
        tensors.put(weight, both.cols(0, d));
        if (both.cols() > d) {
            tensors.put(ParameterNames.bias(weight), both.cols(d, d + 1).transpose()); // (1, rows)
        }
    }
}
