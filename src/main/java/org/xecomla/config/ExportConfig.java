package org.xecomla.config;

/** Section {@code export}. */
public record ExportConfig(WeightType dtype, Format format) {
    /** Formats of the exported directory. */
    public enum Format {
        XECOMLA
    }

    static ExportConfig of(StrictConfig config) {
        return new ExportConfig(
                config.choice("export.dtype", WeightType.class), config.choice("export.format", Format.class));
    }
}
