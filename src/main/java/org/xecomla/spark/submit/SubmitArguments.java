package org.xecomla.spark.submit;

import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;
import org.xecomla.config.RunConfig;
import org.xecomla.config.SparkSettings;
import org.xecomla.errors.UserException;
import org.xecomla.estimate.Estimate;
import org.xecomla.spark.doctor.GpuDiscovery;

/**
 * Prints the arguments of spark-submit, one a line, for {@code submit/xecomla}: what the configuration says, then what
 * stands after {@code --} on the command line, last the application.
 *
 * <p>Arguments: the application's jar, the directory of its libraries, the command with its options, {@code --},
 * options of spark-submit. A configuration that cannot be right ends here, before a cluster is asked for anything.
 */
public final class SubmitArguments {
    private static final Pattern MASTER =
            Pattern.compile("local(\\[[^]]+])?|local-cluster\\[[^]]+]|spark://.+|yarn|k8s://.+");

    /** The command that prints a file instead of arguments. */
    private static final String PROPERTIES = "properties";

    private static final Map<String, String> NAMES = Map.of(
            "--name", "spark.app.name",
            "--master", "spark.master",
            "--deploy-mode", "spark.submit.deployMode",
            "--driver-memory", "spark.driver.memory",
            "--executor-memory", "spark.executor.memory",
            "--executor-cores", "spark.executor.cores",
            "--jars", "spark.jars");

    private SubmitArguments() {}

    public static void main(String[] arguments) {
        try {
            List<String> out = of(List.of(arguments), System.getenv());
            (arguments[2].equals(PROPERTIES) ? properties(out) : out).forEach(System.out::println);
        } catch (UserException e) {
            System.err.println("xecomla " + arguments[2] + ": " + e.getMessage());
            System.exit(1);
        }
    }

    static List<String> of(List<String> arguments, Map<String, String> environment) {
        String home = System.getProperty("xecomla.home", ".");
        SubmitConf.Application application =
                new SubmitConf.Application(arguments.get(0), jars(new File(arguments.get(1))), home);
        int split = arguments.lastIndexOf("--");
        List<String> command = arguments.subList(2, split);
        List<String> submitFlags = arguments.subList(split + 1, arguments.size());

        RunConfig config = load(command);
        String master = masterOf(submitFlags, config.spark(), environment);
        if (config.spark().gpusPerExecutor() > 0 && master.startsWith("local-cluster")) {
            GpuDiscovery.requireGpu(config.spark().gpuDiscoveryScript().orElse(application.discoveryScript()));
        }
        boolean driverElsewhere = driverElsewhere(submitFlags, config.spark());
        List<String> out = new ArrayList<>(
                SubmitConf.arguments(config.spark(), master, driverElsewhere, application, overheads(config, master)));
        if (driverElsewhere || command.get(0).equals(PROPERTIES)) {
            out.addAll(List.of("--conf", SubmitConf.CONFIGURATION + "=" + config.toJson()));
        }
        out.addAll(submitFlags);
        out.add(SubmitConf.primaryResource(master, driverElsewhere, application));
        return out;
    }

    /** Memory beside the heaps; not known where the models are not within this machine's reach. */
    private static Map<String, Long> overheads(RunConfig config, String master) {
        if (SubmitConf.onThisMachine(master) || config.models().base().isEmpty()) {
            return Map.of();
        }
        try {
            return Estimate.overheads(config);
        } catch (RuntimeException e) {
            if (config.spark().executorMemoryOverhead().isEmpty()) {
                System.err.println(
                        "xecomla: spark.executor-memory-overhead is left to Spark, since the models cannot be"
                                + " looked at from here: "
                                + String.valueOf(e.getMessage())
                                        .lines()
                                        .findFirst()
                                        .orElse(""));
            }
            return Map.of();
        }
    }

    /**
     * The same as lines of the file that spark-submit's {@code --properties-file} reads; the application is a comment.
     */
    static List<String> properties(List<String> arguments) {
        List<String> lines = new ArrayList<>();
        lines.add("# application: " + arguments.get(arguments.size() - 1));
        for (int i = 0; i + 1 < arguments.size() - 1; i += 2) {
            String flag = arguments.get(i);
            String value = arguments.get(i + 1);
            int equals = value.indexOf('=');
            if (flag.equals("--class")) {
                lines.add("# class: " + value);
            } else if (flag.equals("--conf")) {
                lines.add(property(value.substring(0, equals), value.substring(equals + 1)));
            } else {
                lines.add(property(NAMES.get(flag), value));
            }
        }
        return lines;
    }

    private static String property(String key, String value) {
        return key + " " + value.replace("\\", "\\\\");
    }

    private static boolean driverElsewhere(List<String> submitFlags, SparkSettings settings) {
        return after("--deploy-mode", submitFlags)
                .map(mode -> mode.equals("cluster"))
                .orElse(settings.deployMode() == SparkSettings.DeployMode.CLUSTER);
    }

    private static Optional<String> after(String flag, List<String> submitFlags) {
        int at = submitFlags.lastIndexOf(flag);
        return at >= 0 && at + 1 < submitFlags.size() ? Optional.of(submitFlags.get(at + 1)) : Optional.empty();
    }

    private static List<String> jars(File directory) {
        File[] jars = directory.listFiles((dir, name) -> name.endsWith(".jar"));
        if (jars == null) {
            throw new UserException("no directory " + directory);
        }
        return Arrays.stream(jars).map(File::getPath).sorted().toList();
    }

    /** The configuration that the command will load; its other options are its own. */
    private static RunConfig load(List<String> command) {
        String file = null;
        Map<String, String> overrides = new LinkedHashMap<>();
        for (int i = 0; i < command.size(); i++) {
            String word = command.get(i);
            String next = i + 1 < command.size() ? command.get(i + 1) : "";
            if (word.equals("--conf")) {
                file = next;
            } else if (word.startsWith("--conf=")) {
                file = word.substring("--conf=".length());
            } else if (word.equals("-D")) {
                override(next, overrides);
            } else if (word.startsWith("-D")) {
                override(word.substring(2), overrides);
            }
        }
        return file == null ? RunConfig.ofOverrides(overrides) : RunConfig.load(file, overrides);
    }

    private static void override(String assignment, Map<String, String> overrides) {
        int equals = assignment.indexOf('=');
        if (equals < 1) {
            throw new UserException("-D " + assignment + " is not of the form key=value");
        }
        overrides.put(assignment.substring(0, equals), assignment.substring(equals + 1));
    }

    /** From the command line, else the configuration, else Spark's own defaults, else this machine. */
    private static String masterOf(List<String> submitFlags, SparkSettings settings, Map<String, String> environment) {
        String master = chosenMaster(submitFlags, settings, environment);
        if (!MASTER.matcher(master).matches()) {
            throw new UserException("spark.master = " + master
                    + " is no master of Spark: local[N], local-cluster[E,C,MB], spark://HOST:PORT, yarn or k8s://URL");
        }
        return master;
    }

    private static String chosenMaster(
            List<String> submitFlags, SparkSettings settings, Map<String, String> environment) {
        return after("--master", submitFlags).or(settings::master).orElseGet(() -> defaultMaster(environment));
    }

    private static String defaultMaster(Map<String, String> environment) {
        String confDir = environment.getOrDefault("SPARK_CONF_DIR", environment.get("SPARK_HOME") + "/conf");
        Path defaults = Path.of(confDir, "spark-defaults.conf");
        Properties properties = new Properties();
        if (Files.exists(defaults)) {
            try (Reader reader = Files.newBufferedReader(defaults, StandardCharsets.UTF_8)) {
                properties.load(reader);
            } catch (IOException e) {
                throw new UserException("cannot read " + defaults + ": " + e.getMessage(), e);
            }
        }
        return properties.getProperty("spark.master", "local[*]");
    }
}
