package org.xecomla.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.xecomla.config.RunConfig;
import org.xecomla.spark.submit.SubmitConf;
import picocli.CommandLine.Option;

/** A command that works by a configuration: {@code --conf} and {@code -D}. */
abstract class ConfiguredCommand extends ConsoleCommand {
    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description = "Configuration file; reference.conf documents every key.")
    private String file;

    @Option(
            names = "-D",
            paramLabel = "KEY=VALUE",
            description = "A setting, before those of the file. May be given often.")
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
        Map<String, String> overrides = new LinkedHashMap<>(settings);
        overrides.putAll(values);
        return file == null ? RunConfig.ofOverrides(overrides) : RunConfig.load(file, overrides);
    }

    /** Whether spark-submit has to start it. */
    boolean isOnCluster() {
        return false;
    }
}
