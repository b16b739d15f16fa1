package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.xecomla.checkpoint.Dtype;
import org.xecomla.checkpoint.ModelDirectory;
import org.xecomla.checkpoint.SaveOptions;
import org.xecomla.config.AttentionConfig;
import org.xecomla.config.WeightType;
import org.xecomla.files.DataFiles;
import org.xecomla.serve.DeepseekExport;
import org.xecomla.serve.ServerNotes;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes a student for stock servers. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description =
                "Writes a student as a directory that stock DeepseekV3ForCausalLM loads, and says who can serve it.")
final class ExportCommand implements Callable<Integer> {
    /** Names as on the command line. */
    enum Format {
        DEEPSEEK_V3;

        @Override
        public String toString() {
            return "deepseek-v3";
        }
    }

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Student with its tokenizer.json.")
    private String model;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = FormatName.class,
            description = "deepseek-v3.")
    private Format format;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Directory of the export.")
    private String out;

    @Option(names = "--dtype", paramLabel = "TYPE", description = "bf16 or f32. Default: bf16.")
    private WeightType dtype = WeightType.BF16;

    @Option(
            names = "--max-shard-bytes",
            paramLabel = "N",
            description = "Weights are cut into files of at most N bytes. Default: ${DEFAULT-VALUE}.")
    private long maxShardBytes = SaveOptions.MAX_SHARD_BYTES;

    @Spec
    private CommandSpec spec;

    /** Formats have a hyphen, enumerations cannot. */
    static final class FormatName implements picocli.CommandLine.ITypeConverter<Format> {
        @Override
        public Format convert(String value) {
            if (!value.equals(Format.DEEPSEEK_V3.toString())) {
                throw new picocli.CommandLine.TypeConversionException("'" + value + "' is no format: deepseek-v3 is");
            }
            return Format.DEEPSEEK_V3;
        }
    }

    @Override
    public Integer call() {
        ModelDirectory student = ModelDirectory.open(DataFiles.path(model));
        Path directory = DataFiles.path(out);
        SaveOptions options =
                new SaveOptions(Dtype.valueOf(dtype.name()), maxShardBytes, java.util.Optional.of(student.path()));
        DeepseekExport.write(student, directory, options);
        boolean normFree = student.config().attention().stream()
                .anyMatch(layer -> layer instanceof AttentionConfig.Mla mla && !mla.kvNorm());
        List<String> notes = ServerNotes.of(DeepseekExport.exported(student.config()), normFree);
        DataFiles.writeString(new Path(directory, "README.md"), card(notes));
        PrintWriter console = spec.commandLine().getOut();
        notes.forEach(console::println);
        console.println(format + " written to " + DataFiles.display(directory));
        console.flush();
        return 0;
    }

    private static String card(List<String> notes) {
        StringBuilder text = new StringBuilder("# A student with Multi-head Latent Attention\n\n")
                .append("Upcycled from a Llama and distilled by xecomla-spark; stored as a dense DeepSeek V3.\n\n");
        notes.forEach(note -> text.append("- ").append(note).append('\n'));
        return text.toString();
    }
}
