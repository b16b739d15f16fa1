package org.xecomla.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOriginFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.xecomla.errors.ConfigException;

/** Brings the sources of a configuration together: overrides, file, profile, {@code reference.conf}. */
final class ConfigSources {
    /** Beside this class, since another library's reference.conf may come first on a cluster's class path. */
    private static final String REFERENCE = "reference.conf";

    private static final long MAX_FILE_BYTES = 1 << 20;
    private static final String PROFILES = "profiles";
    private static final String RECIPES = "recipes";

    private ConfigSources() {}

    static Config reference() {
        InputStream stream = ConfigSources.class.getResourceAsStream(REFERENCE);
        try (Reader reader = new InputStreamReader(stream, StandardCharsets.UTF_8)) {
            return ConfigFactory.parseReader(
                    reader, ConfigParseOptions.defaults().setOriginDescription(REFERENCE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Config file(String name) {
        File file = new File(name);
        if (!file.isFile()) {
            throw new ConfigException(
                    file.exists() ? name + " is no file of settings" : "no such configuration file: " + name);
        }
        requireShort(file, name);
        try {
            return ConfigFactory.parseFile(
                    file,
                    ConfigParseOptions.defaults()
                            .setIncluder(new StrictIncluder(name))
                            .setAllowMissing(false));
        } catch (com.typesafe.config.ConfigException e) {
            throw new ConfigException(oneLine(e), e);
        } catch (StackOverflowError e) {
            throw new ConfigException(name + " or what it includes is nested too deeply to be settings", e);
        }
    }

    /**
     * Refuses a length that no settings have.
     *
     * @param name of the file, for messages
     */
    static void requireShort(File file, String name) {
        if (file.length() > MAX_FILE_BYTES) {
            throw new ConfigException(name + " has " + file.length() + " bytes: that is no file of settings");
        }
    }

    static Config resolve(Config file, Map<String, String> overrides) {
        Config own = overrides(overrides).withFallback(file);
        UnfoldedSize.check(own);
        Config reference = reference();
        Config base = reference.withoutPath(PROFILES).withoutPath(RECIPES);
        try {
            StrictConfig first = new StrictConfig(own.withFallback(base).resolve());
            String profile = PROFILES + "." + kebab(first.choice("upcycle.profile", UpcycleConfig.Profile.class));
            String recipe = RECIPES + "." + kebab(first.choice("distill.recipe", DistillConfig.Recipe.class));
            return own.withFallback(reference.getConfig(recipe))
                    .withFallback(reference.getConfig(profile))
                    .withFallback(base)
                    .resolve();
        } catch (com.typesafe.config.ConfigException.UnresolvedSubstitution e) {
            throw new ConfigException(oneLine(e) + ": set it in the environment or in the file", e);
        } catch (com.typesafe.config.ConfigException e) {
            throw new ConfigException(oneLine(e), e);
        }
    }

    private static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Values in brackets or braces and null are HOCON; all others are strings, so that paths need no quotes. */
    private static Config overrides(Map<String, String> overrides) {
        Config config = ConfigFactory.empty();
        for (Map.Entry<String, String> override : overrides.entrySet()) {
            try {
                config = config.withValue(override.getKey(), value(override.getKey(), override.getValue()));
            } catch (com.typesafe.config.ConfigException e) {
                throw new ConfigException("-D " + override.getKey() + "=" + override.getValue() + ": " + oneLine(e), e);
            }
        }
        return config;
    }

    private static ConfigValue value(String key, String text) {
        String trimmed = text.strip();
        ConfigValue value = trimmed.startsWith("[") || trimmed.startsWith("{") || trimmed.equals("null")
                ? ConfigFactory.parseString("value = " + trimmed).root().get("value")
                : ConfigValueFactory.fromAnyRef(text);
        return value.withOrigin(ConfigOriginFactory.newSimple("-D " + key));
    }

    private static String oneLine(Exception e) {
        return e.getMessage().replaceAll("\\s*\\R\\s*", " ");
    }
}
