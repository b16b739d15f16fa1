package org.xecomla.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.xecomla.config.SparkSettings;

/**
 * What the application asks of spark-submit, from the {@code spark} section of a run. The vector module and the number of
 * native threads are set for driver and executors alike.
 */
public final class SubmitConf {
    /**
     * The property that carries the whole configuration to a driver on another machine, where neither the file nor the
     * environment that it was resolved in need be: {@link org.xecomla.config.RunConfig#toJson}.
     */
    public static final String CONFIGURATION = "spark.xecomla.configuration";

    private static final String JVM_OPTIONS =
            "--add-modules jdk.incubator.vector -Dorg.bytedeco.javacpp.maxphysicalbytes=0";
    private static final List<String> NATIVE_THREADS = List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS");

    private SubmitConf() {}

    /**
     * The options of spark-submit, without the application's jar.
     *
     * @param master that the application will have: one from the command line goes before that of the settings
     * @param jar the application
     * @param libraries what it needs beside Spark
     */
    public static List<String> arguments(SparkSettings settings, String master, String jar, List<String> libraries) {
        List<String> out = new ArrayList<>(List.of(
                "--class",
                "org.xecomla.cli.Main",
                "--name",
                "xecomla",
                "--master",
                master,
                "--deploy-mode",
                settings.deployMode().name().toLowerCase(Locale.ROOT)));
        settings.driverMemory().ifPresent(size -> out.addAll(List.of("--driver-memory", size)));
        settings.executorMemory().ifPresent(size -> out.addAll(List.of("--executor-memory", size)));
        settings.executorCores().ifPresent(n -> out.addAll(List.of("--executor-cores", String.valueOf(n))));
        if (!onThisMachine(master)) {
            out.addAll(List.of("--jars", String.join(",", libraries)));
        }
        properties(settings, master, jar, libraries)
                .forEach((key, value) -> out.addAll(List.of("--conf", key + "=" + value)));
        return out;
    }

    /** Whether driver and executors see the same files: no jar has to travel. */
    public static boolean onThisMachine(String master) {
        return master.startsWith("local");
    }

    /** The properties of Spark: ours, then those of {@code spark.conf}. */
    static Map<String, String> properties(SparkSettings settings, String master, String jar, List<String> libraries) {
        Map<String, String> conf = new TreeMap<>();
        conf.put("spark.driver.extraJavaOptions", JVM_OPTIONS);
        conf.put("spark.executor.extraJavaOptions", JVM_OPTIONS);
        for (String name : NATIVE_THREADS) {
            conf.put("spark.executorEnv." + name, "1");
            conf.put("spark.yarn.appMasterEnv." + name, "1");
            conf.put("spark.kubernetes.driverEnv." + name, "1");
        }
        if (onThisMachine(master)) {
            // No copy of the native libraries for every start.
            String classPath = jar + ":" + String.join(":", libraries);
            conf.put("spark.driver.extraClassPath", classPath);
            conf.put("spark.executor.extraClassPath", classPath);
        }
        settings.executorInstances().ifPresent(n -> conf.put("spark.executor.instances", String.valueOf(n)));
        if (settings.executorInstances().isPresent() && settings.executorCores().isPresent()) {
            // A standalone master counts cores and knows no instances.
            long cores = (long) settings.executorInstances().getAsInt()
                    * settings.executorCores().getAsInt();
            conf.put("spark.cores.max", String.valueOf(cores));
        }
        settings.executorMemoryOverhead().ifPresent(size -> conf.put("spark.executor.memoryOverhead", size));
        conf.put("spark.ui.showConsoleProgress", "false");
        // Progress of long tasks comes with heartbeats.
        conf.put("spark.executor.heartbeatInterval", "5s");
        // A replica's second copy would join nobody, and whoever submits retries the driver.
        conf.put("spark.speculation", "false");
        conf.put("spark.yarn.maxAppAttempts", "1");
        conf.putAll(settings.conf());
        return conf;
    }
}
