package org.xecomla.upcycle;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.config.RankConfig.Factors;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.base.LowRank;
import org.xecomla.upcycle.base.RankPolicy;
import org.xecomla.upcycle.lowrank.GradientBasis;
import org.xecomla.upcycle.lowrank.InputRoot;
import org.xecomla.upcycle.lowrank.LayerSpectrum;
import org.xecomla.upcycle.lowrank.LowRankPlan;

/**
 * Keys and values through a latent each, keys still rotated: k ~ B<sub>k</sub> A<sub>k</sub> x, v ~ B<sub>v</sub>
 * A<sub>v</sub> x. The factors are those of the weight's SVD (LoRC, arXiv 2410.03111), of W C<sup>1/2</sup>, C the
 * second moment of the inputs (CARE, arXiv 2603.17946), or those that the loss minds least, by its gradients
 * ({@link GradientBasis}). Queries, norms and biases stay; at full rank the student computes the base's attention
 * exactly.
 *
 * <p>Legend: D model, K key heads, E head dimension, R rank of the latent of keys or of values.
 */
final class LowRankUpcycler implements Upcycler {
    private static final int KEYS = 0; // of moments of gradients
    private static final int VALUES = 1;

    @Override
    public UpcycledLayer upcycle(LayerPlan plan, BaseAttention base, LayerActivations activations) {
        LowRankPlan lowRank = plan.lowRank();
        Matrix ofKeys = keys(base); // (K*E, D), and a bias
        LowRank keys = factors(ofKeys, KEYS, lowRank.keyRank(), plan, base, activations);
        LowRank values = factors(base.value(), VALUES, lowRank.valueRank(), plan, base, activations);
        String prefix = ParameterNames.layer(plan.layer());
        Map<String, Matrix> tensors = new LinkedHashMap<>();
        put(tensors, prefix + ParameterNames.K_A_PROJ, prefix + ParameterNames.K_B_PROJ, keys, base, ofKeys);
        put(tensors, prefix + ParameterNames.V_A_PROJ, prefix + ParameterNames.V_B_PROJ, values, base, base.value());
        AttentionConfig attention = new AttentionConfig.LowRankGqa(base.shape(), keys.rank(), values.rank());
        return new UpcycledLayer(
                tensors,
                new LayerReport(
                        plan.layer(),
                        attention,
                        base.shape().kvElementsPerToken(),
                        (keys.energyKept() + values.energyKept()) / 2,
                        Double.NaN,
                        Double.NaN,
                        Double.NaN));
    }

    @Override
    public LayerSpectrum spectrum(LayerPlan plan, BaseAttention base, LayerActivations activations) {
        Matrix keys = weight(base, keys(base)); // (K*E, D)
        Matrix values = weight(base, base.value()); // (K*E, D)
        double condition = logCondition(base);
        if (plan.lowRank().factors() == Factors.GRADIENT) {
            return new LayerSpectrum(
                    condition,
                    List.of(
                            basis(keys, KEYS, base, activations).energies(),
                            basis(values, VALUES, base, activations).energies()));
        }
        InputRoot root = root(plan.lowRank(), base, activations);
        return new LayerSpectrum(
                condition,
                List.of(
                        LayerSpectrum.squares(singularValues(keys, root)),
                        LayerSpectrum.squares(singularValues(values, root))));
    }

    /** Of the weights of keys and of values, without biases. */
    static double logCondition(BaseAttention base) {
        return LayerSpectrum.logCondition(singularValues(weight(base, keys(base)), null))
                + LayerSpectrum.logCondition(singularValues(weight(base, base.value()), null));
    }

    private static double[] singularValues(Matrix weight, InputRoot root) {
        return LinearAlgebra.svd(root == null ? weight : weight.times(root.root()))
                .singularValues()
                .toDoubles();
    }

    /** What the loss minds of W x. */
    private static GradientBasis basis(Matrix weight, int kind, BaseAttention base, LayerActivations activations) {
        Matrix outputs = weight.times(moment(base, activations)).timesTranspose(weight); // (K*E, K*E)
        return GradientBasis.of(outputs, activations.gradients().mean(kind));
    }

    private static LowRank factors(
            Matrix both, int kind, int rank, LayerPlan plan, BaseAttention base, LayerActivations activations) {
        Matrix weight = weight(base, both); // (K*E, D)
        if (plan.lowRank().factors() == Factors.GRADIENT) {
            GradientBasis basis = basis(weight, kind, base, activations);
            return new LowRank(basis.down(rank).times(weight), basis.up(rank), basis.kept(rank));
        }
        RankPolicy fixed = new RankPolicy.Fixed(rank);
        InputRoot root = root(plan.lowRank(), base, activations);
        return root == null
                ? LowRank.of(weight, fixed, plan.singularValues())
                : LowRank.weighted(weight, root.root(), root.inverse(), fixed, plan.singularValues());
    }

    /** Of inputs without the constant that stands for biases. (D, D) */
    private static Matrix moment(BaseAttention base, LayerActivations activations) {
        int d = hiddenSize(base);
        return activations.secondMoment().rows(0, d).cols(0, d);
    }

    /** Null where weights are factored as they are. */
    private static InputRoot root(LowRankPlan plan, BaseAttention base, LayerActivations activations) {
        if (plan.factors() == Factors.WEIGHT) {
            return null;
        }
        return InputRoot.of(moment(base, activations), plan.shrinkage());
    }

    /** The keys' weight as the checkpoint has it, its bias behind it: norms work on keys that are rebuilt. */
    private static Matrix keys(BaseAttention base) {
        return base.normed() == null ? base.key() : base.normed().key();
    }

    private static int hiddenSize(BaseAttention base) {
        return base.shape().biases().ofInputs() ? base.inputSize() - 1 : base.inputSize();
    }

    /** Without the bias. (K*E, D) */
    private static Matrix weight(BaseAttention base, Matrix both) {
        return both.cols(0, hiddenSize(base));
    }

    private static void put(
            Map<String, Matrix> tensors, String down, String up, LowRank factors, BaseAttention base, Matrix both) {
        tensors.put(down, factors.down()); // (R, D)
        tensors.put(up, factors.up()); // (K*E, R)
        if (base.shape().biases().ofInputs()) {
            int d = hiddenSize(base);
            tensors.put(ParameterNames.bias(up), both.cols(d, d + 1).transpose()); // (1, K*E)
        }
    }
}
