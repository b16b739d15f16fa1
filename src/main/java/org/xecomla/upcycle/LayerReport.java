package org.xecomla.upcycle;

import java.io.Serializable;
import org.xecomla.config.model.AttentionConfig;

/**
 * What an initialisation kept of one layer. A share that does not apply is NaN.
 *
 * @param layer from 0
 * @param attention of the student's layer
 * @param baseKvElements cached elements per token of the base's layer
 * @param kvEnergy share of the squared singular values that the KV latent keeps
 * @param queryEnergy likewise of the query latent; 1 with a full q_proj
 * @param ropeEnergy share of the query-weighted key energy in the rotary planes that the shared rope key keeps
 * @param normError root mean square of ||norm(c) - c|| / ||c|| over the calibration text; 0 without a norm
 */
public record LayerReport(
        int layer,
        AttentionConfig attention,
        int baseKvElements,
        double kvEnergy,
        double queryEnergy,
        double ropeEnergy,
        double normError)
        implements Serializable {
    /** A layer that stays as it is. */
    static LayerReport kept(int layer, AttentionConfig attention) {
        double none = Double.NaN;
        return new LayerReport(layer, attention, attention.kvElementsPerToken(), none, none, none, none);
    }

    /** Cached elements per token. */
    public int kvElements() {
        return attention.kvElementsPerToken();
    }

    /** Cached elements per token as a share of the base's. */
    public double kvShare() {
        return (double) kvElements() / baseKvElements;
    }
}
