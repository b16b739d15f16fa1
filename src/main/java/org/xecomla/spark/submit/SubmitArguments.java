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
import java.util.TreeMap;
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

    private static final Pattern SECRET = Pattern.compile(SparkSettings.SECRET_KEYS);
    private static final String PROPERTIES_FILE = "--properties-file";

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
        flags.forEach(flag -> out.addAll(inTwoWords(flag)));
        out.add(SubmitConf.primaryResource(master, driverElsewhere, application));
        return out;
    }

    /** spark-submit takes {@code --conf=A=B} and {@code -c A=B}, too. */
    private static List<String> inTwoWords(String flag) {
        if (flag.equals("-c")) {
            return List.of("--conf");
        }
        boolean joined = flag.startsWith("--conf=") || flag.startsWith(PROPERTIES_FILE + "=");
        return joined ? List.of(flag.split("=", 2)) : List.of(flag);
    }

    /** The properties that nobody else may see, by name; for a file, since everybody sees the arguments. */
    public Map<String, String> secrets() {
        Map<String, String> secrets = new TreeMap<>();
        List<String> all = words();
        for (int i = 0; i + 1 < all.size(); i++) {
            if (isSecret(all, i)) {
                String[] property = all.get(i + 1).split("=", 2);
                secrets.put(property[0], property[1]);
            }
        }
        return secrets;
    }

    /**
     * {@link #words} without the {@link #secrets}, which come by a file.
     *
     * @param file for {@code --properties-file}, with what {@link #properties(Map)} says
     */
    public List<String> wordsWithSecretsIn(String file) {
        List<String> all = words();
        List<String> open = new ArrayList<>(List.of(PROPERTIES_FILE, file));
        for (int i = 0; i < all.size(); i++) {
            if (isSecret(all, i) || all.get(i).equals(PROPERTIES_FILE)) {
                i++; // and its value
            } else {
                open.add(all.get(i));
            }
        }
        return open;
    }

    /** Whether word {@code i} is the flag of a secret property: one of a storage, or what holds all of them. */
    private boolean isSecret(List<String> all, int i) {
        if (i + 1 >= all.size()
                || !all.get(i).equals("--conf")
                || all.get(i + 1).indexOf('=') < 0) {
            return false;
        }
        String key = all.get(i + 1).substring(0, all.get(i + 1).indexOf('='));
        return SECRET.matcher(key).find()
                || key.equals(SubmitConf.CONFIGURATION)
                        && config.spark().conf().keySet().stream()
                                .anyMatch(name -> SECRET.matcher(name).find());
    }

    /**
     * Lines of a file for {@code --properties-file} with {@code secrets}: spark-submit reads one such file and then no
     * {@code spark-defaults.conf}, so what either would have said stands here, too.
     */
    public List<String> properties(Map<String, String> secrets) {
        List<String> lines = new ArrayList<>();
        Properties others =
                after(PROPERTIES_FILE).map(file -> read(Path.of(file))).orElseGet(this::defaults);
        others.stringPropertyNames().stream()
                .filter(key -> !secrets.containsKey(key))
                .sorted()
                .forEach(key -> lines.add(property(key, others.getProperty(key))));
        secrets.forEach((key, value) -> lines.add(property(key, value)));
        return lines;
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
        List<String> words =
                flags.stream().flatMap(word -> inTwoWords(word).stream()).toList();
        int at = words.lastIndexOf(flag);
        return at >= 0 && at + 1 < words.size() ? Optional.of(words.get(at + 1)) : Optional.empty();
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
        return defaults().getProperty("spark.master", "local[*]");
    }

    private Properties defaults() {
        String confDir = environment.getOrDefault("SPARK_CONF_DIR", environment.get("SPARK_HOME") + "/conf");
        Path defaults = Path.of(confDir, "spark-defaults.conf");
        return Files.exists(defaults) ? read(defaults) : new Properties();
    }

    private static Properties read(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UserException("cannot read " + file + ": " + e.getMessage(), e);
        }
        return properties;
    }
}
