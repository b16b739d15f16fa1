package org.xecomla.upcycle;

import java.util.List;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;

/** Explicit frequencies that are those of a {@code rope_theta}, said as such: servers read that, and nothing else. */
final class PlainRope {
    private static final double TOLERANCE = 1e-9;

    private PlainRope() {}

    /**
     * The same model with the {@code rope_theta} that gives all its layers the frequencies that they list; unchanged
     * where there is none, or a layer that lists nothing.
     */
    static ModelConfig where(ModelConfig config) {
        AttentionConfig first = config.attention().get(0);
        boolean same = config.attention().stream()
                .allMatch(layer -> layer.ropeScaling() instanceof RopeScaling.Explicit
                        && layer.ropeScaling().equals(first.ropeScaling()));
        if (!same) {
            return config;
        }
        List<Double> frequencies = ((RopeScaling.Explicit) first.ropeScaling()).inverseFrequencies();
        double theta =
                frequencies.size() == 1 ? config.ropeTheta() : Math.pow(frequencies.get(1), -first.ropeDim() / 2.0);
        List<Double> plain =
                RopeFrequencies.of(first.ropeDim(), theta, RopeScaling.NONE).inverse();
        for (int j = 0; j < plain.size(); j++) {
            if (Math.abs(plain.get(j) / frequencies.get(j) - 1) > TOLERANCE) {
                return config;
            }
        }
        return config.withRopeTheta(theta)
                .withAttention(config.attention().stream()
                        .map(layer -> (AttentionConfig) ((AttentionConfig.Mla) layer).withRopeScaling(RopeScaling.NONE))
                        .toList());
    }
}
