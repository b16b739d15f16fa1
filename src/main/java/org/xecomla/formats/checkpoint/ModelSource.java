package org.xecomla.formats.checkpoint;

import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.Nd4jMemory;

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
        Tensor tensor = Nd4jMemory.INSTANCE.zeros(ElementType.FLOAT, shape.rows(), shape.cols()); // (rows, cols)
        load(parameter, tensor);
        return tensor;
    }
}
