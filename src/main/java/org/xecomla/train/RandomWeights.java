package org.xecomla.train;

import java.util.Random;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * The weights that pretraining starts from: normal with standard deviation 0.02, as Hugging Face's Llama ({@code
 * initializer_range}); those that write into the residual stream (o_proj, down_proj) divided by sqrt(2 L), as GPT-2
 * (Radford et al. 2019, section 2.3), so that the stream's variance does not grow with the depth; gains of norms 1.
 *
 * <p>Every parameter has its own stream of {@link Random}, whose numbers Java specifies: a seed gives the same weights
 * on every machine and whatever else the model holds before it.
 */
public final class RandomWeights {
    private static final double STANDARD_DEVIATION = 0.02;

    private RandomWeights() {}

    /** Overwrites all of {@code weights}. */
    public static void write(ModelConfig config, long seed, ParameterStore weights) {
        for (ParameterLayout.Place place : weights.layout().places().values()) {
            String name = place.spec().name();
            Tensor parameter = weights.get(name); // (rows, cols)
            if (ParameterNames.isNorm(name)) {
                write(parameter, () -> 1);
            } else {
                Random random = new Random(seed * 31 + name.hashCode());
                double deviation = ParameterNames.writesToStream(name)
                        ? STANDARD_DEVIATION / Math.sqrt(2.0 * config.numLayers())
                        : STANDARD_DEVIATION;
                write(parameter, () -> random.nextGaussian() * deviation);
            }
        }
    }

    private static void write(Tensor parameter, java.util.function.DoubleSupplier values) {
        double[] row = new double[parameter.cols()];
        for (int r = 0; r < parameter.rows(); r++) {
            for (int c = 0; c < row.length; c++) {
                row[c] = values.getAsDouble();
            }
            parameter.rows(r, r + 1).write(row);
        }
    }
}
