package org.xecomla.config;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Section {@code spark}: what spark-submit is told. What is empty is left to Spark.
 *
 * @param gpusPerExecutor 0 or 1: a replica works on one device
 * @param gpuDiscoveryScript on the executors' machines; empty: the shipped one
 * @param executorTimeout longest wait for the first executor that can work on a model
 * @param conf further settings by Spark's own names
 */
public record SparkSettings(
        Optional<String> master,
        DeployMode deployMode,
        OptionalInt executorInstances,
        OptionalInt executorCores,
        Optional<String> executorMemory,
        Optional<String> executorMemoryOverhead,
        Optional<String> driverMemory,
        int gpusPerExecutor,
        Optional<String> gpuDiscoveryScript,
        Duration executorTimeout,
        Map<String, String> conf) {
    /**
     * What names of settings of Spark and Hadoop have in them whose values nobody else may see, as a regular
     * expression: more than Spark's own {@code spark.redaction.regex}, which does not know the keys of every storage.
     */
    public static final String SECRET_KEYS = "(?i:secret|passw|passphrase|token|credential|key|[.]sas[.])";

    /** Where the driver runs. */
    public enum DeployMode {
        CLIENT,
        CLUSTER
    }

    public SparkSettings {
        conf = Collections.unmodifiableMap(new TreeMap<>(conf));
    }

    static SparkSettings of(StrictConfig config) {
        return new SparkSettings(
                config.optionalText("spark.master"),
                config.choice("spark.deploy-mode", DeployMode.class),
                config.optionalInteger("spark.executor-instances", Range.atLeast(1)),
                config.optionalInteger("spark.executor-cores", Range.atLeast(1)),
                size(config, "spark.executor-memory"),
                size(config, "spark.executor-memory-overhead"),
                size(config, "spark.driver-memory"),
                config.integer("spark.gpus-per-executor", Range.atLeast(0).atMost(1)),
                config.optionalText("spark.gpu-discovery-script"),
                Duration.ofSeconds(config.integer("spark.executor-timeout-seconds", Range.atLeast(1))),
                config.section("spark.conf"));
    }

    private static Optional<String> size(StrictConfig config, String key) {
        Optional<String> size = config.optionalText(key);
        if (size.isPresent() && !size.get().matches("[1-9][0-9]*[kmgtKMGT]b?")) {
            throw config.error(key, "is not a size such as 4g or 512m");
        }
        return size;
    }
}
