package org.xecomla.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.xecomla.config.SparkSettings;

/**
 * What the application asks of spark-submit, from the settings of a run. Memory outside the heap, native threads and the
 * vector module are set for driver and executors alike.
 */
final class SubmitConf {
    private static final String JVM_OPTIONS =
            "--add-modules jdk.incubator.vector -Dorg.bytedeco.javacpp.maxphysicalbytes=0";
    private static final List<String> NATIVE_THREADS = List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS");

    private SubmitConf() {}

    /**
     * The options of spark-submit, without the application's jar.
     *
     * @param jar the application
     * @param libraries what it needs beside Spark
     */
    static List<String> arguments(SparkSettings settings, String jar, List<String> libraries) {
        List<String> out = new ArrayList<>(List.of(
                "--class",
                "org.xecomla.cli.Main",
                "--name",
                "xecomla",
                "--master",
                settings.master(),
                "--deploy-mode",
                settings.deployMode(),
                "--driver-memory",
                settings.driverMemory()));
        if (!settings.inOneJvm()) {
            out.addAll(List.of(
                    "--executor-memory", settings.executorMemory(),
                    "--executor-cores", String.valueOf(settings.executorCores())));
        }
        if (!settings.onThisMachine()) {
            out.addAll(List.of("--jars", String.join(",", libraries)));
        }
        properties(settings, jar, libraries).forEach((key, value) -> out.addAll(List.of("--conf", key + "=" + value)));
        return out;
    }

    /** The properties of Spark, ours first and then {@code spark.conf}'s own. */
    static Map<String, String> properties(SparkSettings settings, String jar, List<String> libraries) {
        Map<String, String> conf = new TreeMap<>();
        conf.put("spark.driver.extraJavaOptions", JVM_OPTIONS);
        conf.put("spark.executor.extraJavaOptions", JVM_OPTIONS);
        for (String name : NATIVE_THREADS) {
            conf.put("spark.executorEnv." + name, "1");
            conf.put("spark.yarn.appMasterEnv." + name, "1");
            conf.put("spark.kubernetes.driverEnv." + name, "1");
        }
        if (settings.onThisMachine()) {
            // The same files for all: no copy of the native libraries for every start.
            String classPath = jar + ":" + String.join(":", libraries);
            conf.put("spark.driver.extraClassPath", classPath);
            conf.put("spark.executor.extraClassPath", classPath);
        } else {
            conf.put("spark.executor.instances", String.valueOf(settings.numExecutors()));
            conf.put("spark.cores.max", String.valueOf((long) settings.numExecutors() * settings.executorCores()));
            conf.put("spark.executor.memoryOverhead", settings.executorMemoryOverhead());
        }
        conf.put("spark.ui.showConsoleProgress", "false");
        conf.put("spark.speculation", "false");
        // Retries belong to whoever submits; a second attempt of the driver would resume beside it.
        conf.put("spark.yarn.maxAppAttempts", "1");
        conf.putAll(settings.conf());
        return conf;
    }
}
