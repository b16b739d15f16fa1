package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.experiments.PreferenceValues;
import org.xecomla.files.DataFiles;
import org.xecomla.files.OutputDirectory;
import org.xecomla.formats.ModelDirectory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes what preferences come to, for comparison with other implementations. */
@Command(
        name = "preferences",
        mixinStandardHelpOptions = true,
        description = "Writes tokens, loss, rewards and gradients of preferences by the keys of section dpo:"
                + " preferences.json and gradients, which src/main/scripts/check-dpo compares with TRL's.")
final class PreferencesCommand extends ConfiguredCommand {
    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description = "Policy, Hugging Face layout, with its tokenizer.")
    private String model;

    @Option(names = "--reference", required = true, paramLabel = "DIR", description = "Reference, the same.")
    private String reference;

    @Option(names = "--pairs", required = true, paramLabel = "FILE", description = "Preferences; one batch.")
    private String pairs;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Directory, empty or not there.")
    private String out;

    @Override
    int run(PrintWriter console) {
        RunConfig config = config(Map.of("base.path", model));
        Path directory = OutputDirectory.free(out);
        ModelDirectory policy = ModelDirectory.open(DataFiles.path(model));
        ModelDirectory of = ModelDirectory.open(DataFiles.path(reference));
        new PreferenceValues(config, policy, of, DataFiles.path(pairs)).write(directory);
        return 0;
    }
}
