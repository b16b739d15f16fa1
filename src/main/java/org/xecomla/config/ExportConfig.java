package org.xecomla.config;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;

/**
 * Section {@code export}.
 *
 * @param formats one at least; each other has a directory of its name where there are several
 * @param maxShardBytes weights are cut into files of at most this size
 */
public record ExportConfig(WeightType dtype, List<Format> formats, long maxShardBytes) {
    /** Formats of the exported directory. */
    public enum Format {
        /** This project's own. */
        NATIVE,
        /** That of X-EcoMLA's official code. */
        XECOMLA,
        /** Dense DeepSeek V3, which stock servers load. */
        DEEPSEEK_V3,
        /** Llama, for a model without latent layers. */
        LLAMA,
        /** One file for llama.cpp and what is built on it. */
        GGUF;

        /** As keys and options spell it. */
        public String display() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    static ExportConfig of(StrictConfig config) {
        WeightType dtype = config.choice("export.dtype", WeightType.class);
        List<Format> formats = formats(config);
        if (dtype == WeightType.Q8_0 && !formats.equals(List.of(Format.GGUF))) {
            throw config.error(
                    "export.dtype", "is q8_0, which gguf alone has: set export.format = gguf, or f32, bf16 or f16");
        }
        if (dtype == WeightType.F16 && formats.contains(Format.GGUF)) {
            throw config.error("export.dtype", "is f16, and gguf is written as f32, bf16 or q8_0");
        }
        return new ExportConfig(dtype, formats, size(config, "export.max-shard-size"));
    }

    private static List<Format> formats(StrictConfig config) {
        List<Format> formats = config.choices("export.format", Format.class);
        if (formats.isEmpty() || new HashSet<>(formats).size() < formats.size()) {
            throw config.error("export.format", "must name one format at least, and none twice");
        }
        return formats;
    }

    private static long size(StrictConfig config, String key) {
        try {
            return ByteSize.parse(config.text(key));
        } catch (NumberFormatException e) {
            throw config.error(key, "is not a size such as 5GB or 500MB");
        }
    }
}
