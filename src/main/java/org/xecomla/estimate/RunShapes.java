package org.xecomla.estimate;

import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.llama.LlamaReader;
import org.xecomla.upcycle.UpcyclePlan;

/**
 * The models of a run, as shapes: what its cost follows from.
 *
 * @param student exact with fixed ranks; the largest possible where ranks follow from energy
 * @param sequenceLength T
 */
public record RunShapes(ModelConfig base, ModelConfig teacher, ModelConfig student, int sequenceLength) {
    /**
     * Reads the models' configurations; their weights need not be there.
     *
     * @throws UserException where a model is not named or its config.json not there, or the student not possible
     */
    public static RunShapes of(RunConfig config) {
        return of(config, shape(config.models().requireBase()));
    }

    /** The same of a base that has been read. */
    public static RunShapes of(RunConfig config, ModelConfig base) {
        boolean same = config.models().requireTeacher().equals(config.models().requireBase());
        ModelConfig teacher = same ? base : shape(config.models().requireTeacher());
        ModelConfig student = UpcyclePlan.of(config.upcycle(), base).student(base);
        return new RunShapes(base, teacher, student, config.sequence().lengthFor(base));
    }

    private static ModelConfig shape(String model) {
        Path directory = DataFiles.path(model);
        try {
            return ModelDirectory.open(directory).config();
        } catch (UserException withoutWeights) {
            return LlamaReader.shape(new Path(directory, "config.json"));
        }
    }
}
