package org.xecomla.upcycle;

import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.linalg.Matrix;

/**
 * A layer whose keys and values are made latent.
 *
 * @param tensors by checkpoint name, in the internal layout: rope rows half-split, plane j at rows j and j + P/2 of the
 *     rope part. {@code o_proj} is the base's and not among them.
 */
public record UpcycledLayer(Map<String, Matrix> tensors, LayerReport report) implements Serializable {
    public UpcycledLayer {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    }

    /** The latent attention that the layer now is, where it is that. */
    public AttentionConfig.Mla attention() {
        return (AttentionConfig.Mla) report.attention();
    }

    /** The same with elements rounded to float. */
    UpcycledLayer rounded() {
        Map<String, Matrix> floats = new LinkedHashMap<>();
        tensors.forEach(
                (name, tensor) -> floats.put(name, Matrix.ofFloats(tensor.rows(), tensor.cols(), tensor.toFloats())));
        return new UpcycledLayer(floats, report);
    }

    /** Shape and report alone, where the tensors have been put elsewhere. */
    UpcycledLayer withoutTensors() {
        return new UpcycledLayer(Map.of(), report);
    }
}
