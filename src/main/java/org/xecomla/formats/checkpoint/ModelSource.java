package org.xecomla.formats.checkpoint;

import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.tensor.Tensor;

/** A model whose parameters are read one by one, in the engine's row order. */
public interface ModelSource {
    ModelConfig config();

    /** One parameter, row-major (rows, cols). */
    float[] read(String parameter);

    /** Fills {@code target} (rows, cols) with one parameter. */
    void load(String parameter, Tensor target);

    /** One parameter in memory of its own, which the caller gives back. (rows, cols) */
    default Tensor tensor(String parameter) {
        ParameterShapes.Shape shape = ParameterShapes.of(config()).get(parameter);
        Tensor tensor = Tensor.zeros(DataType.FLOAT, shape.rows(), shape.cols()); // (rows, cols)
        load(parameter, tensor);
        return tensor;
    }
}
