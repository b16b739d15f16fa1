package org.xecomla.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.WeightType;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.MultipliedOut;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.deepseek.DeepseekWriter;
import org.xecomla.formats.gguf.GgufType;
import org.xecomla.formats.gguf.GgufWriter;
import org.xecomla.formats.llama.LlamaWriter;
import org.xecomla.formats.official.OfficialWriter;
import org.xecomla.formats.xecomla.XecomlaWriter;
import org.xecomla.safetensors.Dtype;

/**
 * Writes a model in a format, with a model card.
 *
 * @param model what is exported
 * @param dtype of its matrices
 */
public record Exporter(ModelDirectory model, ExportConfig.Format format, WeightType dtype) {
    /**
     * What loads the export and what will not, one line each; looks at shapes only.
     *
     * @throws ConfigException where the format cannot hold the model, saying why
     */
    public List<String> notes() {
        List<String> notes = new ArrayList<>(writer().notes(source().config()));
        if (source() != model) {
            notes.add("products of keys and values are multiplied out: the cache is as large as the base's");
        }
        return notes;
    }

    /** What is written: formats of whole keys and values take them multiplied out. */
    private ModelSource source() {
        return format == ExportConfig.Format.LLAMA || format == ExportConfig.Format.GGUF
                ? MultipliedOut.of(model)
                : model;
    }

    /**
     * Writes the directory; its README.md is a model card with {@link #notes} and what was measured.
     *
     * @param maxShardBytes weights are cut into files of at most this size, where the format has several
     * @param tokenizerFrom model directory whose tokenizer goes with it, or a tokenizer.json; empty: none
     * @param chatTemplate text of the template in place of the tokenizer's; empty: that one
     * @param measurements output of the stage eval; empty: none
     * @return numbers that were written
     * @throws ConfigException where the format cannot hold the model, saying why
     */
    public long write(
            Path directory,
            long maxShardBytes,
            Optional<Path> tokenizerFrom,
            Optional<String> chatTemplate,
            Optional<Path> measurements) {
        String card = ModelCard.of(format, notes(), measurements);
        writer().write(source(), directory, new SaveOptions(fileType(), maxShardBytes, tokenizerFrom, chatTemplate));
        DataFiles.writeString(new Path(directory, ModelCard.FILE), card);
        return ParameterShapes.numParameters(writer().exported(source().config()));
    }

    /** Of safetensors files: gguf has types of its own, which its writer knows. */
    private Dtype fileType() {
        return format == ExportConfig.Format.GGUF ? Dtype.F32 : Dtype.of(dtype);
    }

    private ModelExport writer() {
        return switch (format) {
            case NATIVE -> new XecomlaWriter();
            case XECOMLA -> new OfficialWriter();
            case DEEPSEEK_V3 -> new DeepseekWriter();
            case LLAMA -> new LlamaWriter();
            case GGUF -> new GgufWriter(GgufType.of(dtype));
        };
    }
}
