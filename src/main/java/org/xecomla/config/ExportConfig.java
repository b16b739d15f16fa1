package org.xecomla.config;

/**
 * Section {@code export}.
 *
 * @param maxShardBytes weights are cut into files of at most this size
 */
public record ExportConfig(WeightType dtype, Format format, long maxShardBytes) {
    /** Formats of the exported directory. */
    public enum Format {
        /** This project's own. */
        NATIVE,
        /** That of X-EcoMLA's official code. */
        XECOMLA,
        /** Dense DeepSeek V3, which stock servers load. */
        DEEPSEEK_V3,
        /** Llama, for a model without latent layers. */
        LLAMA
    }

    static ExportConfig of(StrictConfig config) {
        return new ExportConfig(
                config.choice("export.dtype", WeightType.class),
                config.choice("export.format", Format.class),
                size(config, "export.max-shard-size"));
    }

    private static long size(StrictConfig config, String key) {
        try {
            return ByteSize.parse(config.text(key));
        } catch (NumberFormatException e) {
            throw config.error(key, "is not a size such as 5GB or 500MB");
        }
    }
}
