package org.xecomla.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** What a format writes, its reader gives back. */
public final class RoundTrip {
    private static final int SMALL = 5000; // bytes of a file

    private RoundTrip() {}

    /** Checks shape and every weight of a model that {@code export} writes as it is. */
    public static void check(ModelExport export, ModelConfig model, Path directory) {
        assertEquals(model, export.exported(model));
        try (ParameterStore saved = Models.weights(model, ElementType.FLOAT, 1);
                ParameterStore loaded = Tensors.zeros(Models.layout(model), ElementType.FLOAT)) {
            export.write(source(model, saved), directory, new SaveOptions(Dtype.F32, SMALL, Optional.empty()));
            ModelDirectory opened = ModelDirectory.open(directory);
            assertEquals(model, opened.config());
            opened.load(loaded);
            for (String parameter : saved.layout().places().keySet()) {
                assertArrayEquals(
                        saved.get(parameter).toDoubles(), loaded.get(parameter).toDoubles(), parameter);
                assertArrayEquals(saved.get(parameter).toFloats(), opened.read(parameter), parameter);
            }
        }
    }

    /** A model whose parameters are in memory. */
    public static ModelSource source(ModelConfig model, ParameterStore weights) {
        return new ModelSource() {
            @Override
            public ModelConfig config() {
                return model;
            }

            @Override
            public float[] read(String parameter) {
                return weights.get(parameter).toFloats();
            }

            @Override
            public void load(String parameter, Tensor target) {
                target.write(read(parameter), 0);
            }
        };
    }
}
