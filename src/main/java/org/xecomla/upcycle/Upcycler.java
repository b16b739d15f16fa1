package org.xecomla.upcycle;

import org.xecomla.config.UpcycleConfig;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.lowrank.LayerSpectrum;

/**
 * One way to start attention with a smaller cache from a base's weights. An implementation is a pure function of its
 * arguments, so that layers may be made anywhere and in any order.
 */
public interface Upcycler {
    /**
     * Makes one layer.
     *
     * @param activations of this layer's inputs; null where {@link LayerPlan#needsActivations} is false
     */
    UpcycledLayer upcycle(LayerPlan plan, BaseAttention base, LayerActivations activations);

    /**
     * What the ranks of a layer are chosen by, where a budget is divided among all of them. Same arguments as
     * {@link #upcycle}.
     */
    default LayerSpectrum spectrum(LayerPlan plan, BaseAttention base, LayerActivations activations) {
        throw new IllegalStateException("ranks of " + plan.method() + " do not follow from all layers");
    }

    /** The implementation of {@code method}. */
    static Upcycler of(UpcycleConfig.Method method) {
        return switch (method) {
            case XECOMLA -> new XEcoMlaUpcycler();
            case ALIGNED -> new AlignedUpcycler();
            case PHASED -> new PhasedUpcycler();
            case LOWRANK -> new LowRankUpcycler();
            case MHA2MLA -> new Mha2MlaUpcycler();
        };
    }
}
