package org.xecomla.config;

import java.util.OptionalDouble;

/**
 * Learning from what the base's layers say, besides the teacher's targets.
 *
 * @param weight of the mean over tokens and states beside the loss of the targets; empty: by the size of the base's
 *     states
 */
public record LayerMatchingConfig(Form form, OptionalDouble weight, States states) {
    /** How the states of student and base are compared. */
    public enum Form {
        NONE,
        /** Squared distance, the mean over the dimensions. */
        MSE,
        /** 1 minus the cosine. */
        COSINE
    }

    /** What is compared in each layer. */
    public enum States {
        ATTENTION,
        BLOCK,
        BOTH
    }

    static LayerMatchingConfig of(StrictConfig config) {
        return new LayerMatchingConfig(
                config.choice("distill.hidden-loss", Form.class),
                config.optionalNumber("distill.hidden-weight", Range.above(0)),
                config.choice("distill.hidden-states", States.class));
    }

    public boolean isEnabled() {
        return form != Form.NONE;
    }
}
