package org.xecomla.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.xecomla.errors.ConfigException;

/**
 * The resolved configuration of a run: command-line overrides before the file before the profile before
 * {@code reference.conf}, which documents every key.
 *
 * <p>It may cross a Spark boundary: it is serialised as its {@link #settings()}.
 *
 * @param settings every key that has a value, dotted, with its value as text: lists in brackets, numbers in one
 *     spelling
 */
public record RunConfig(
        RunSettings run,
        ModelPaths models,
        CorpusConfig corpus,
        SequenceConfig sequence,
        UpcycleConfig upcycle,
        TargetsConfig targets,
        DistillConfig distill,
        DpoConfig dpo,
        PretrainConfig pretrain,
        EvalConfig eval,
        SweepConfig sweep,
        ExportConfig export,
        ComputeConfig compute,
        SparkSettings spark,
        Map<String, String> settings)
        implements Serializable {

    /**
     * Loads a configuration file.
     *
     * @param file HOCON on this machine; may include others, relative to itself
     * @param overrides dotted keys and values, as after -D
     * @throws ConfigException of one line where the file is missing or broken, a key unknown, or a value not possible
     */
    public static RunConfig load(String file, Map<String, String> overrides) {
        return of(ConfigSources.file(file), overrides);
    }

    /** The configuration of a command that has no file. */
    public static RunConfig ofOverrides(Map<String, String> overrides) {
        return of(ConfigFactory.empty(), overrides);
    }

    private static RunConfig of(Config file, Map<String, String> overrides) {
        StrictConfig strict = new StrictConfig(ConfigSources.resolve(file, overrides));
        RunConfig result = of(strict);
        strict.rejectUnread();
        result.targets.requireCarries(result.distill.divergence());
        return result;
    }

    private static RunConfig of(StrictConfig config) {
        return new RunConfig(
                RunSettings.of(config),
                ModelPaths.of(config),
                CorpusConfig.of(config),
                SequenceConfig.of(config),
                UpcycleConfig.of(config),
                TargetsConfig.of(config),
                DistillConfig.of(config),
                DpoConfig.of(config),
                PretrainConfig.of(config),
                EvalConfig.of(config),
                SweepConfig.of(config),
                ExportConfig.of(config),
                ComputeConfig.of(config),
                SparkSettings.of(config),
                config.flat());
    }

    /**
     * The settings that decide what a stage writes, for its manifest.
     *
     * @param prefixes whole keys, or sections such as {@code upcycle}
     */
    public Map<String, String> settings(String... prefixes) {
        Predicate<String> chosen =
                key -> Stream.of(prefixes).anyMatch(prefix -> key.equals(prefix) || key.startsWith(prefix + "."));
        Map<String, String> some = new TreeMap<>(settings);
        some.keySet().removeIf(chosen.negate());
        return some;
    }

    /** The same with some keys changed: dotted keys and values, as after -D. */
    public RunConfig with(Map<String, String> changes) {
        Map<String, String> changed = new TreeMap<>(settings);
        changed.putAll(changes);
        return ofOverrides(changed);
    }

    /** {@link #settings()} as one line of JSON, for {@link #ofJson}: all that another machine needs. */
    public String toJson() {
        return ConfigValueFactory.fromMap(settings).render(ConfigRenderOptions.concise());
    }

    /**
     * @param json from {@link #toJson}, of this version
     * @param overrides dotted keys and values, as after -D
     */
    public static RunConfig ofJson(String json, Map<String, String> overrides) {
        Map<String, String> settings = new TreeMap<>();
        ConfigFactory.parseString(json).root().forEach((key, value) -> settings.put(key, (String) value.unwrapped()));
        settings.putAll(overrides);
        return ofOverrides(settings);
    }

    private Object writeReplace() {
        return new Serialized(new TreeMap<>(settings));
    }

    private record Serialized(TreeMap<String, String> settings) implements Serializable {
        private Object readResolve() {
            return ofOverrides(settings);
        }
    }
}
