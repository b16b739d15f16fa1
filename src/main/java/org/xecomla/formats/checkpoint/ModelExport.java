package org.xecomla.formats.checkpoint;

import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;

/** A form of checkpoints, as it is written. */
public interface ModelExport {
    /**
     * The shape that is written for {@code model}.
     *
     * @throws ConfigException where the form cannot hold the model, saying why
     */
    ModelConfig exported(ModelConfig model);

    /**
     * What loads the export and what will not, one line each; looks at shapes only.
     *
     * @throws ConfigException as {@link #exported}
     */
    List<String> notes(ModelConfig model);

    /**
     * Writes {@code model} to {@code directory}, parameter by parameter.
     *
     * @throws ConfigException as {@link #exported}
     */
    void write(ModelSource model, Path directory, SaveOptions options);
}
