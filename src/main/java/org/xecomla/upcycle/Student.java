package org.xecomla.upcycle;

import org.xecomla.config.model.ModelConfig;
import org.xecomla.tensor.ParameterStore;

/** A student as its initialisation left it. It owns its weights. */
public record Student(ModelConfig config, ParameterStore weights, InitReport report) implements AutoCloseable {
    @Override
    public void close() {
        weights.close();
    }
}
