package org.xecomla.spark.submit;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
 * The arguments of spark-submit, for {@code submit/xecomla}: what the configuration says, then what stands after {@code
 * --} on the command line, last the application. A configuration that cannot be right ends here, before a cluster is
 * asked for anything.
 *
 * @param application the application as it lies here
 * @param flags options of spark-submit
 */
public record SubmitArguments(
        RunConfig config, SubmitConf.Application application, List<String> flags, Map<String, String> environment) {
    private static final Pattern MASTER =
            Pattern.compile("local(\\[[^]]+])?|local-cluster\\[[^]]+]|spark://.+|yarn|k8s://.+");

    private static final Map<String, String> NAMES = Map.of(
            "--name", "spark.app.name",
            "--master", "spark.master",
            "--deploy-mode", "spark.submit.deployMode",
            "--driver-memory", "spark.driver.memory",
            "--executor-memory", "spark.executor.memory",
            "--executor-cores", "spark.executor.cores",
            "--jars", "spark.jars");

    /** The arguments, the last of them the application. */
    public List<String> words() {
        return words(driverElsewhere());
    }

    private List<String> words(boolean sendsConfiguration) {
        String master = master();
        if (config.spark().gpusPerExecutor() > 0 && master.startsWith("local-cluster")) {
            GpuDiscovery.requireGpu(config.spark().gpuDiscoveryScript().orElse(application.discoveryScript()));
        }
        boolean driverElsewhere = driverElsewhere();
        List<String> out = new ArrayList<>(
                SubmitConf.arguments(config.spark(), master, driverElsewhere, application, overheads(master)));
        if (sendsConfiguration) {
            out.addAll(List.of("--conf", SubmitConf.CONFIGURATION + "=" + config.toJson()));
        }
        out.addAll(flags);
        out.add(SubmitConf.primaryResource(master, driverElsewhere, application));
        return out;
    }

    /** Memory beside the heaps; not known where the models are not within this machine's reach. */
    private Map<String, Long> overheads(String master) {
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
     * The same as lines of the file that spark-submit's {@code --properties-file} reads, the whole configuration among
     * them; the application is a comment.
     */
    public List<String> properties() {
        List<String> arguments = words(true);
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
        return key + " " + value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    private boolean driverElsewhere() {
        return after("--deploy-mode")
                .map(mode -> mode.equals("cluster"))
                .orElse(config.spark().deployMode() == SparkSettings.DeployMode.CLUSTER);
    }

    private Optional<String> after(String flag) {
        int at = flags.lastIndexOf(flag);
        return at >= 0 && at + 1 < flags.size() ? Optional.of(flags.get(at + 1)) : Optional.empty();
    }

    /** From the command line, else the configuration, else Spark's own defaults, else this machine. */
    private String master() {
        String master = after("--master").or(config.spark()::master).orElseGet(this::defaultMaster);
        if (!MASTER.matcher(master).matches()) {
            throw new UserException("spark.master = " + master
                    + " is no master of Spark: local[N], local-cluster[E,C,MB], spark://HOST:PORT, yarn or k8s://URL");
        }
        return master;
    }

    private String defaultMaster() {
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
