package org.xecomla.config;

/**
 * Section {@code mha2mla}: what {@code upcycle.method = mha2mla} asks beyond section {@code upcycle}.
 *
 * @param selection of the planes that stay rotated
 * @param uniformStart first plane of selection uniform
 * @param denseRopeQueries let queries learn to look at rope keys of other key heads
 */
public record Mha2MlaConfig(Selection selection, int uniformStart, Latent latent, boolean denseRopeQueries) {
    /** What stands unless something is set. */
    public static final Mha2MlaConfig DEFAULT = new Mha2MlaConfig(Selection.NORM, 0, Latent.JOINT, false);

    /** Which planes of a key head stay rotated. */
    public enum Selection {
        /** Those where queries and keys are largest over calibration text. */
        NORM,
        /** Evenly spread. */
        UNIFORM,
        /** Those of the highest frequencies. */
        HIGH,
        /** Those of the lowest. */
        LOW
    }

    /** What the SVD is of. */
    public enum Latent {
        /** Keys and values together. */
        JOINT,
        /** Either alone. */
        SPLIT
    }

    static Mha2MlaConfig of(StrictConfig config) {
        return new Mha2MlaConfig(
                config.isWord("mha2mla.selection", "2-norm")
                        ? Selection.NORM
                        : config.choice("mha2mla.selection", Selection.class),
                config.integer("mha2mla.uniform-start", Range.atLeast(0)),
                config.choice("mha2mla.latent", Latent.class),
                config.flag("mha2mla.dense-rope-queries"));
    }
}
