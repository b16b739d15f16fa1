package org.xecomla.nn;

import org.xecomla.config.model.ParameterNames;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * Where layers find their parameters by name, and the kernels they compute with.
 *
 * @param gradients null: inference, no layer has gradient views
 */
record Parameters(ParameterStore weights, ParameterStore gradients, Kernels kernels) {
    Linear linear(String name) {
        return linear(name, false);
    }

    /** @param biased whether the model has the constant of that name */
    Linear linear(String name, boolean biased) {
        String bias = ParameterNames.bias(name);
        return new Linear(
                weights.get(name), // (out, in)
                gradient(name), // (out, in)
                biased ? weights.get(bias) : null, // (1, out)
                biased ? gradient(bias) : null, // (1, out)
                kernels);
    }

    RmsNorm norm(String name, double epsilon) {
        return new RmsNorm(weights.get(name), gradient(name), epsilon, kernels); // (1, D)
    }

    Tensor weight(String name) {
        return weights.get(name);
    }

    /** Null where the parameter is frozen, or all are. */
    Tensor gradient(String name) {
        return gradients == null ? null : gradients.get(name);
    }
}
