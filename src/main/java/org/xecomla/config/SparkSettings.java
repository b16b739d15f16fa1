package org.xecomla.config;

import java.util.Map;
import java.util.TreeMap;

/**
 * The cluster that a run's stages work on: section {@code spark}.
 *
 * <p>Memory is written as Spark writes it ({@code 512m}, {@code 8g}). The model lives off the heap, so that the overhead
 * is what must hold it; the heap holds little.
 *
 * @param master key {@code master}: {@code local[N]}, {@code local-cluster[E,C,MB]}, {@code spark://…}, {@code yarn} or
 *     {@code k8s://…}
 * @param deployMode key {@code deploy-mode}: where the driver runs, {@code client} or {@code cluster}
 * @param numExecutors key {@code executors}; a local master has none
 * @param executorCores key {@code executor-cores}
 * @param executorMemory key {@code executor-memory}: heap
 * @param executorMemoryOverhead key {@code executor-memory-overhead}: everything else
 * @param driverMemory key {@code driver-memory}: heap
 * @param conf key {@code conf}: further properties of Spark, taken over as they are; they win over ours
 */
public record SparkSettings(
        String master,
        String deployMode,
        int numExecutors,
        int executorCores,
        String executorMemory,
        String executorMemoryOverhead,
        String driverMemory,
        Map<String, String> conf) {
    public SparkSettings {
        if (!deployMode.equals("client") && !deployMode.equals("cluster")) {
            throw new ConfigException("spark.deploy-mode = " + deployMode + ": client or cluster");
        }
        if (deployMode.equals("cluster") && master.startsWith("local")) {
            throw new ConfigException(
                    "spark.deploy-mode = cluster needs a cluster, spark.master is " + master + ": set it to client");
        }
        if (numExecutors < 1 || executorCores < 1) {
            throw new ConfigException("spark.executors = " + numExecutors + ", spark.executor-cores = " + executorCores
                    + ": at least 1 each");
        }
        checkMemory("executor-memory", executorMemory);
        checkMemory("executor-memory-overhead", executorMemoryOverhead);
        checkMemory("driver-memory", driverMemory);
        conf = Map.copyOf(new TreeMap<>(conf));
    }

    /** All cores of this machine in one JVM. */
    public static SparkSettings defaults() {
        return new SparkSettings("local[*]", "client", 2, 1, "2g", "4g", "2g", Map.of());
    }

    /** Whether the whole cluster is this JVM. */
    public boolean inOneJvm() {
        return master.equals("local") || master.startsWith("local[");
    }

    /** Whether executors see this machine's files and are given nothing by the network. */
    public boolean onThisMachine() {
        return master.startsWith("local");
    }

    private static void checkMemory(String key, String value) {
        if (!value.matches("[1-9][0-9]*[mgMG]")) {
            throw new ConfigException("spark." + key + " = " + value + ": a number with m or g, such as 512m or 8g");
        }
    }
}
