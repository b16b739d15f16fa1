package org.xecomla.config;

/** Section {@code export}. */
public record ExportConfig(WeightType dtype, Format format) {
    /** Formats of the exported directory. */
    public enum Format {
        /** This project's own. */
        XECOMLA,
        /** Dense DeepSeek V3, which stock servers load. */
        DEEPSEEK_V3
    }

    static ExportConfig of(StrictConfig config) {
        return new ExportConfig(
                config.choice("export.dtype", WeightType.class), config.choice("export.format", Format.class));
    }
}
