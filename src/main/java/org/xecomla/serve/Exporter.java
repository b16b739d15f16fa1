package org.xecomla.serve;

import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.deepseek.DeepseekWriter;
import org.xecomla.formats.llama.LlamaWriter;
import org.xecomla.formats.official.OfficialWriter;
import org.xecomla.formats.xecomla.XecomlaWriter;

/**
 * Writes a model in a format, with a model card.
 *
 * @param model what is exported
 */
public record Exporter(ModelDirectory model, ExportConfig.Format format) {
    /**
     * What loads the export and what will not, one line each; looks at shapes only.
     *
     * @throws ConfigException where the format cannot hold the model, saying why
     */
    public List<String> notes() {
        return writer().notes(model.config());
    }

    /**
     * Writes the directory; its README.md is a model card with {@link #notes} and what was measured.
     *
     * @param measurements output of the stage eval; empty: none
     * @return numbers that were written
     * @throws ConfigException where the format cannot hold the model, saying why
     */
    public long write(Path directory, SaveOptions options, Optional<Path> measurements) {
        String card = ModelCard.of(format, notes(), measurements);
        writer().write(model, directory, options);
        DataFiles.writeString(new Path(directory, ModelCard.FILE), card);
        return ParameterShapes.numParameters(writer().exported(model.config()));
    }

    private ModelExport writer() {
        return switch (format) {
            case NATIVE -> new XecomlaWriter();
            case XECOMLA -> new OfficialWriter();
            case DEEPSEEK_V3 -> new DeepseekWriter();
            case LLAMA -> new LlamaWriter();
        };
    }
}
