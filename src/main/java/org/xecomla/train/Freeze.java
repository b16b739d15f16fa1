package org.xecomla.train;

import java.util.Arrays;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.errors.ConfigException;

/** Which parameters stay as they are: the values of {@code distill.freeze}. */
public enum Freeze {
    /** Every parameter trains, as in X-EcoMLA's shipped runs. */
    NONE("none", name -> true),
    /** Only the attention projections and latent norms train; embedding, feed-forward, block norms and head stay. */
    NON_ATTENTION("non-attention", ParameterNames::isAttention);

    private final String key;
    private final Predicate<String> trainable;

    Freeze(String key, Predicate<String> trainable) {
        this.key = key;
        this.trainable = trainable;
    }

    /** The value as it is written in a configuration. */
    public String key() {
        return key;
    }

    /** Whether the parameter of this name trains. */
    public Predicate<String> trainable() {
        return trainable;
    }

    /** The value of {@code key}. */
    public static Freeze of(String key) {
        return Arrays.stream(values())
                .filter(freeze -> freeze.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new ConfigException("distill.freeze = " + key + ": one of "
                        + Arrays.stream(values()).map(Freeze::key).collect(Collectors.joining(", "))));
    }
}
