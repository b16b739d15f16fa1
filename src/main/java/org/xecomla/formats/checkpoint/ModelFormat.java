package org.xecomla.formats.checkpoint;

import java.util.List;
import java.util.Map;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;

/** A form of checkpoints, as it is read. */
public interface ModelFormat {
    /** The values of {@code model_type} that it reads, for messages. */
    List<String> modelTypes();

    /** Whether a directory is of this form. */
    boolean recognises(Headers headers);

    /**
     * The parameters that the files' tensors hold, by their names here.
     *
     * @throws org.xecomla.errors.UserException where a tensor is none of this form, or a parameter is there twice
     */
    default Map<String, StoredWeight> parameters(ModelJson json, WeightFiles stored) {
        return stored.tensors();
    }

    /**
     * Reads the model's shape.
     *
     * @param headers with the tensors under their names here
     * @throws ConfigException where a key is missing, or says something that is not supported
     */
    ModelConfig config(Headers headers);

    /** Whether the rotated rows of latent layers are stored interleaved, see {@link RopeRowOrder}. */
    default boolean ropeInterleaved(Headers headers) {
        return true;
    }
}
