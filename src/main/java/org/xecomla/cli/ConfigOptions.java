package org.xecomla.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.xecomla.config.RunConfig;
import org.xecomla.spark.submit.SubmitConf;
import picocli.CommandLine.Option;

/** Options that all commands share: where settings come from. */
final class ConfigOptions {
    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description = "Configuration file; reference.conf documents every key.")
    private String file;

    @Option(
            names = "-D",
            paramLabel = "KEY=VALUE",
            mapFallbackValue = "",
            description = "A setting, before those of the file. May be given often.")
    private Map<String, String> settings = new LinkedHashMap<>();

    /**
     * The configuration of these options, as it was resolved where the command was given; settings of -D still count.
     */
    RunConfig load() {
        String sent = System.getProperty(SubmitConf.CONFIGURATION);
        return sent == null ? load(Map.of()) : RunConfig.ofJson(sent, settings);
    }

    /** The configuration of these options; {@code values} that the command line gives by other names go before them. */
    RunConfig load(Map<String, String> values) {
        Map<String, String> overrides = new LinkedHashMap<>(settings);
        overrides.putAll(values);
        return file == null ? RunConfig.ofOverrides(overrides) : RunConfig.load(file, overrides);
    }
}
