package org.xecomla.config;

import java.util.function.Predicate;
import org.xecomla.config.model.ParameterNames;

/** Which parameters stay as they are: the values of {@code distill.freeze} and {@code dpo.freeze}. */
public enum Freeze {
    /** Every parameter trains, as in X-EcoMLA's shipped runs. */
    NONE(name -> true),
    /** Only the attention projections and latent norms train; embedding, feed-forward, block norms and head stay. */
    NON_ATTENTION(ParameterNames::isAttention);

    private final Predicate<String> trainable;

    Freeze(Predicate<String> trainable) {
        this.trainable = trainable;
    }

    /** Whether the parameter of this name trains. */
    public Predicate<String> trainable() {
        return trainable;
    }
}
