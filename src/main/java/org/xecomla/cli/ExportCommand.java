package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ByteSize;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.WeightType;
import org.xecomla.files.DataFiles;
import org.xecomla.files.OutputDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.safetensors.Dtype;
import org.xecomla.serve.Exporter;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Writes a student for others. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description =
                "Writes a student as a directory that others load, and says who can: deepseek-v3 for stock servers,"
                        + " xecomla for X-EcoMLA's official code, llama for a model without"
                        + " latent layers, native for this project.")
final class ExportCommand extends ConsoleCommand {
    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Student with its tokenizer.json.")
    private String model;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = FormatName.class,
            description = "deepseek-v3, xecomla, llama or native.")
    private ExportConfig.Format format;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Directory of the export.")
    private String out;

    @Option(names = "--dtype", paramLabel = "TYPE", description = "bf16, f16 or f32. Default: bf16.")
    private WeightType dtype = WeightType.BF16;

    @Option(
            names = "--max-shard-size",
            paramLabel = "SIZE",
            converter = Size.class,
            description = "Weights are cut into files of at most this size, such as 5GB or 500MB. Default: 5GB.")
    private long maxShardBytes = SaveOptions.MAX_SHARD_BYTES;

    @Option(names = "--eval", paramLabel = "DIR", description = "Output of the stage eval, for the model card.")
    private String measurements;

    /** Formats have a hyphen, enumerations cannot. */
    static final class FormatName implements ITypeConverter<ExportConfig.Format> {
        @Override
        public ExportConfig.Format convert(String value) {
            return Arrays.stream(ExportConfig.Format.values())
                    .filter(format -> name(format).equals(value))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + value + "' is no format: "
                            + Arrays.stream(ExportConfig.Format.values())
                                    .map(FormatName::name)
                                    .collect(Collectors.joining(", "))
                            + " are"));
        }

        static String name(ExportConfig.Format format) {
            return format.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Sizes as Hugging Face writes them. */
    static final class Size implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            try {
                return ByteSize.parse(value);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("'" + value + "' is no size such as 5GB or 500MB");
            }
        }
    }

    @Override
    int run(PrintWriter console) {
        ModelDirectory student = ModelDirectory.open(DataFiles.path(model));
        Path directory = OutputDirectory.free(out);
        Exporter exporter = new Exporter(student, format);
        SaveOptions options = new SaveOptions(Dtype.of(dtype), maxShardBytes, Optional.of(student.path()));
        exporter.write(directory, options, Optional.ofNullable(measurements).map(DataFiles::path));
        exporter.notes().forEach(console::println);
        console.println(FormatName.name(format) + " written to " + DataFiles.display(directory));
        return 0;
    }
}
