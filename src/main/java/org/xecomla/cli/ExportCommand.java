package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ByteSize;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.WeightType;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;
import org.xecomla.files.Manifest;
import org.xecomla.files.OutputDirectory;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.run.Revision;
import org.xecomla.serve.Exporter;
import org.xecomla.spark.stage.ExportStage;
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
                        + " latent layers, gguf for llama.cpp, Ollama and LM Studio, native for this project.")
final class ExportCommand extends ConsoleCommand {
    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Student with its tokenizer.json.")
    private String model;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = FormatName.class,
            description = "deepseek-v3, xecomla, llama, gguf or native.")
    private ExportConfig.Format format;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Directory of the export.")
    private String out;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "bf16, f16 or f32; bf16, f32 or q8_0 for gguf. Default: bf16.")
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
                    .filter(format -> format.display().equals(value))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + value + "' is no format: "
                            + Arrays.stream(ExportConfig.Format.values())
                                    .map(ExportConfig.Format::display)
                                    .collect(Collectors.joining(", "))
                            + " are"));
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
        Exporter exporter = new Exporter(student, format, dtype);
        exporter.notes(); // says what cannot be before anything is written
        StageDirectory output = new StageDirectory(directory);
        Manifest asked = asked(student);
        output.begin(asked);
        long parameters = exporter.write(
                directory,
                maxShardBytes,
                Optional.of(student.path()),
                Optional.empty(),
                Optional.ofNullable(measurements).map(DataFiles::path));
        output.complete(asked, Map.of("parameters", parameters));
        exporter.notes().forEach(console::println);
        console.println(format.display() + " written to " + DataFiles.display(directory));
        return 0;
    }

    private Manifest asked(ModelDirectory student) {
        Map<String, String> settings = Map.of(
                "export.format",
                format.display(),
                "export.dtype",
                dtype.name().toLowerCase(Locale.ROOT),
                "export.max-shard-size",
                Long.toString(maxShardBytes));
        Map<String, String> inputs = Map.of("student", Fingerprints.anew().of(student.path()));
        return Manifest.asked(ExportStage.KIND, 1, settings, 0, Revision.current(), inputs);
    }
}
