package org.xecomla.formats.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.safetensors.Dtype;
import org.xecomla.safetensors.SafetensorsFile;

/** Holds a checkpoint's tensors against the parameters that its configuration asks for. */
public final class TensorCheck {
    /** Buffers of the rope that old versions of transformers saved with the weights; they are computed. */
    private static final Pattern COMPUTED = Pattern.compile(".*\\brotary_emb\\.(inv_freq|cos_cached|sin_cached)");

    /** What stands for a weight in GPTQ, AWQ, compressed-tensors, FP8 and bitsandbytes. */
    private static final Pattern QUANTISED = Pattern.compile(
            ".*\\.(qweight|qzeros|weight_packed|weight_scale|weight_scale_inv|weight\\.absmax|weight\\.quant_map|SCB)");

    private TensorCheck() {}

    public static void check(ModelConfig config, Map<String, StoredWeight> tensors, String directory) {
        refuseQuantised(tensors);
        Map<String, ParameterShapes.Shape> parameters = ParameterShapes.of(config);
        parameters.forEach((name, shape) -> {
            StoredWeight located = tensors.get(name);
            if (located == null) {
                throw new UserException(directory + " has no tensor " + name + hint(name));
            }
            checkOne(name, located, shape);
        });
        tensors.forEach((name, located) -> {
            boolean tiedHead = name.equals(ParameterNames.HEAD) && config.tieWordEmbeddings();
            if (tiedHead) {
                checkOne(name, located, parameters.get(ParameterNames.EMBEDDING));
            } else if (!parameters.containsKey(name) && !COMPUTED.matcher(name).matches()) {
                throw new UserException(DataFiles.display(located.file().path()) + " has an unexpected tensor "
                        + located.entry().name() + ": its config.json describes no such parameter");
            }
        });
    }

    private static void refuseQuantised(Map<String, StoredWeight> tensors) {
        for (StoredWeight located : tensors.values()) {
            String name = located.entry().name();
            if (QUANTISED.matcher(name).matches()) {
                throw new UserException(DataFiles.display(located.file().path()) + ": the checkpoint is quantised ("
                        + name + "): use it in BF16, F16 or F32");
            }
        }
    }

    /** The shape in a file: a norm's gain and a bias are (n), all else (rows, cols). */
    static List<Long> storedShape(String name, ParameterShapes.Shape shape) {
        return ParameterNames.isVector(name)
                ? List.of((long) shape.cols())
                : List.of((long) shape.rows(), (long) shape.cols());
    }

    private static void checkOne(String name, StoredWeight located, ParameterShapes.Shape shape) {
        SafetensorsFile.Entry entry = located.entry();
        String file = DataFiles.display(located.file().path());
        List<Long> expected = storedShape(name, shape);
        if (!located.shape().equals(expected)) {
            throw new UserException(file + ": tensor " + entry.name() + " has shape " + located.shape()
                    + ", its config.json asks for " + expected);
        }
        if (!entry.dtype().isWeight()) {
            throw new UserException(file + ": tensor " + entry.name() + " has dtype " + entry.dtype()
                    + ", which is not supported: " + Dtype.weights() + " are");
        }
    }

    private static String hint(String name) {
        return name.equals(ParameterNames.HEAD) ? ": without it, config.json must say tie_word_embeddings true" : "";
    }
}
