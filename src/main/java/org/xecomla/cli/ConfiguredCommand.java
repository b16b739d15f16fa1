package org.xecomla.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.xecomla.config.RunConfig;
import org.xecomla.config.SparkSettings;
import org.xecomla.spark.submit.SubmitConf;
import picocli.CommandLine.Option;

/** A command that works by a configuration: {@code --conf} and {@code -D}. */
abstract class ConfiguredCommand extends ConsoleCommand {
    private static final Pattern SECRET = Pattern.compile("spark\\.conf\\..*" + SparkSettings.SECRET_KEYS + ".*");

    /** Set by spark-submit, where the same line was read before. */
    private static final String SUBMITTED = "SPARK_SUBMIT";

    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description = "Configuration file; reference.conf documents every key.")
    private String file;

    @Option(
            names = "-D",
            paramLabel = "KEY=VALUE",
            description = "A setting, before those of the file. May be given often. Everybody on the machine sees it;"
                    + " for secrets the file has ${?NAME}, a variable of the environment.")
    private Map<String, String> settings = new LinkedHashMap<>();

    /**
     * The configuration of these options, as it was resolved where the command was given; settings of -D still count.
     */
    RunConfig config() {
        String sent = System.getProperty(SubmitConf.CONFIGURATION);
        return sent == null ? config(Map.of()) : RunConfig.ofJson(sent, settings);
    }

    /** The configuration of these options; {@code values} that the command line gives by other names go before them. */
    RunConfig config(Map<String, String> values) {
        warnOfSecrets();
        Map<String, String> overrides = new LinkedHashMap<>(settings);
        overrides.putAll(values);
        return file == null ? RunConfig.ofOverrides(overrides) : RunConfig.load(file, overrides);
    }

    /** The command line is shown by ps to everybody, and no care of ours comes before that. */
    private void warnOfSecrets() {
        if (System.getProperty(SUBMITTED) == null) {
            settings.keySet().stream()
                    .filter(key -> SECRET.matcher(key).matches())
                    .forEach(key -> spec().commandLine()
                            .getErr()
                            .println("xecomla: -D " + key
                                    + " shows its value to everybody who can list processes: write ${?NAME} for it into"
                                    + " the file of --conf and set NAME in the environment"));
        }
    }

    /** Whether spark-submit has to start it. */
    boolean isOnCluster() {
        return false;
    }
}
