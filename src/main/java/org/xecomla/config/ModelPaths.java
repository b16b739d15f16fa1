package org.xecomla.config;

import java.util.Optional;
import org.xecomla.errors.ConfigException;

/**
 * Keys {@code base.path}, {@code teacher.path} and {@code tokenizer.path}: where the models are that a run starts from.
 */
public record ModelPaths(Optional<String> base, Optional<String> teacher, Optional<String> tokenizer) {
    static ModelPaths of(StrictConfig config) {
        return new ModelPaths(
                config.optionalText("base.path"),
                config.optionalText("teacher.path"),
                config.optionalText("tokenizer.path"));
    }

    /** @throws ConfigException where it is not set */
    public String requireBase() {
        return require("base.path", base);
    }

    /** @throws ConfigException where neither it nor the base is set */
    public String requireTeacher() {
        return require("teacher.path", teacher);
    }

    /** @throws ConfigException where neither it nor the base is set */
    public String requireTokenizer() {
        return require("tokenizer.path", tokenizer);
    }

    private static String require(String key, Optional<String> path) {
        return path.orElseThrow(() -> new ConfigException(
                key + " is not set: name a directory in the configuration file, or by -D " + key + "=DIR"));
    }
}
