package org.xecomla.formats.checkpoint;

import java.util.function.Function;
import org.xecomla.tensor.Tensor;

/** Parameters that are computed when they are asked for; only the last one is held. */
public final class DerivedWeights implements WeightSource, AutoCloseable {
    private final Function<String, Tensor> maker;
    private Tensor held; // null: none
    private String heldName = "";

    /** @param maker of a parameter with memory of its own */
    public DerivedWeights(Function<String, Tensor> maker) {
        this.maker = maker;
    }

    @Override
    public Tensor get(String name) {
        if (!name.equals(heldName)) {
            close();
            held = maker.apply(name);
            heldName = name;
        }
        return held;
    }

    @Override
    public void close() {
        if (held != null) {
            held.storage().close();
            held = null;
            heldName = "";
        }
    }
}
