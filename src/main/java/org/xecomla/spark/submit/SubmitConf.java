package org.xecomla.spark.submit;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.xecomla.config.SparkSettings;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.spark.driver.MetricsPlugin;
import org.xecomla.spark.driver.ModelTasks;

/**
 * What the application asks of spark-submit, from the {@code spark} section of a run. The vector module and the number
 * of native threads are set for driver and executors alike.
 */
public final class SubmitConf {
    /**
     * The property that carries the whole configuration to a driver on another machine, where neither the file nor the
     * environment that it was resolved in need be: {@link org.xecomla.config.RunConfig#toJson}.
     */
    public static final String CONFIGURATION = "spark.xecomla.configuration";

    private static final String JVM_OPTIONS =
            "--add-modules jdk.incubator.vector -Dorg.bytedeco.javacpp.maxphysicalbytes=0";
    private static final String PLUGINS = "spark.plugins";
    private static final List<String> NATIVE_THREADS = List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS");

    /**
     * Where the image has the application, its libraries and the discovery script: see
     * {@code submit/docker/Dockerfile}.
     */
    private static final String IMAGE_HOME = "/opt/xecomla";

    private static final String DISCOVERY = "gpu-discovery.sh";

    /**
     * The application as it lies on the machine that submits it.
     *
     * @param jar the application
     * @param libraries what it needs beside Spark
     * @param home the project's root
     */
    public record Application(String jar, List<String> libraries, String home) {
        /** As {@code submit/xecomla} says by system properties. */
        public static Application here() {
            String jar = System.getProperty("xecomla.jar");
            String libraries = System.getProperty("xecomla.libraries");
            if (jar == null || libraries == null) {
                throw new UserException("start this by submit/xecomla: it knows where the application is");
            }
            return new Application(jar, jars(new File(libraries)), System.getProperty("xecomla.home", "."));
        }

        private static List<String> jars(File directory) {
            File[] jars = directory.listFiles((dir, name) -> name.endsWith(".jar"));
            if (jars == null) {
                throw new UserException("no directory " + directory);
            }
            return Arrays.stream(jars).map(File::getPath).sorted().toList();
        }

        /** What names an executor's GPUs where the settings do not say. */
        public String discoveryScript() {
            return home + "/submit/" + DISCOVERY;
        }
    }

    private SubmitConf() {}

    /**
     * The options of spark-submit, without the application's jar.
     *
     * @param master that the application will have: one from the command line goes before that of the settings
     * @param driverElsewhere whether the driver runs on the cluster
     * @param overheads bytes beside the heap, by Spark's property, where the settings leave them open
     */
    public static List<String> arguments(
            SparkSettings settings,
            String master,
            boolean driverElsewhere,
            Application application,
            Map<String, Long> overheads) {
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
        if (!onThisMachine(master) && !inImage(master)) {
            out.addAll(List.of("--jars", String.join(",", application.libraries)));
        }
        Map<String, String> conf = properties(settings, master, driverElsewhere, application);
        overheads.forEach((key, bytes) -> conf.putIfAbsent(key, (bytes >> 20) + 1 + "m"));
        conf.putAll(settings.conf());
        conf.merge(PLUGINS, MetricsPlugin.class.getName(), SubmitConf::withPlugin);
        conf.forEach((key, value) -> out.addAll(List.of("--conf", key + "=" + value)));
        return out;
    }

    private static String withPlugin(String others, String plugin) {
        return List.of(others.split(",")).contains(plugin) ? others : others + "," + plugin;
    }

    /** What spark-submit is given as the application. */
    public static String primaryResource(String master, boolean driverElsewhere, Application application) {
        return inImage(master) && driverElsewhere ? "local://" + IMAGE_HOME + "/xecomla-spark.jar" : application.jar;
    }

    /** Whether driver and executors see the same files: no jar has to travel. */
    public static boolean onThisMachine(String master) {
        return master.startsWith("local");
    }

    /** Whether executors are containers of an image that holds the application. */
    private static boolean inImage(String master) {
        return master.startsWith("k8s://");
    }

    /** Our properties of Spark. */
    private static Map<String, String> properties(
            SparkSettings settings, String master, boolean driverElsewhere, Application application) {
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
            String classPath = application.jar + ":" + String.join(":", application.libraries);
            conf.put("spark.driver.extraClassPath", classPath);
            conf.put("spark.executor.extraClassPath", classPath);
            // Executors that are processes of their own have directories of their own; relative paths start here for
            // them too.
            String here = DataFiles.display(DataFiles.path("."));
            conf.put(
                    "spark.executor.extraJavaOptions",
                    JVM_OPTIONS + " " + quoted("-D" + DataFiles.DIRECTORY + "=" + here));
        } else if (inImage(master)) {
            String ofImage = IMAGE_HOME + "/lib/*";
            String ofDriver = driverElsewhere ? ofImage : String.join(":", application.libraries);
            conf.put("spark.driver.extraClassPath", ofDriver);
            conf.put("spark.executor.extraClassPath", ofImage);
        }
        settings.executorInstances().ifPresent(n -> conf.put("spark.executor.instances", String.valueOf(n)));
        if (settings.executorInstances().isPresent() && settings.executorCores().isPresent()) {
            // A standalone master counts cores and knows no instances.
            long cores = (long) settings.executorInstances().getAsInt()
                    * settings.executorCores().getAsInt();
            conf.put("spark.cores.max", String.valueOf(cores));
        }
        settings.executorMemoryOverhead().ifPresent(size -> conf.put("spark.executor.memoryOverhead", size));
        if (settings.gpusPerExecutor() > 0) {
            gpus(settings, master, application, conf);
        }
        conf.put("spark.ui.showConsoleProgress", "false");
        conf.put(
                "spark.metrics.conf.driver.sink.prometheusServlet.class",
                "org.apache.spark.metrics.sink.PrometheusServlet");
        conf.put("spark.metrics.conf.driver.sink.prometheusServlet.path", "/metrics/prometheus");
        // Progress of long tasks comes with heartbeats.
        conf.put("spark.executor.heartbeatInterval", "5s");
        // A replica's second copy would join nobody, and whoever submits retries the driver.
        conf.put("spark.speculation", "false");
        conf.put("spark.yarn.maxAppAttempts", "1");
        return conf;
    }

    /** One option of a JVM among others, as Spark takes a line of them apart again. */
    private static String quoted(String option) {
        return '"' + option.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /**
     * One GPU for each executor; that most stages take none, and some one for each task, {@link ModelTasks} asks for.
     */
    private static void gpus(SparkSettings settings, String master, Application application, Map<String, String> conf) {
        conf.put("spark.executor.resource.gpu.amount", "1");
        conf.put("spark.task.resource.gpu.amount", "0");
        String script = settings.gpuDiscoveryScript().orElse(application.discoveryScript());
        if (master.equals("yarn")) {
            if (settings.gpuDiscoveryScript().isEmpty()) {
                conf.put("spark.yarn.dist.files", script);
                script = "./" + DISCOVERY; // in the container's directory
            }
        } else if (inImage(master)) {
            conf.put("spark.executor.resource.gpu.vendor", "nvidia.com");
            script = settings.gpuDiscoveryScript().orElse(IMAGE_HOME + "/submit/" + DISCOVERY);
        } else if (master.startsWith("local-cluster")) {
            // The workers are ours to start.
            conf.put("spark.worker.resource.gpu.amount", "1");
            conf.put("spark.worker.resource.gpu.discoveryScript", script);
        }
        conf.put("spark.executor.resource.gpu.discoveryScript", script);
    }
}
