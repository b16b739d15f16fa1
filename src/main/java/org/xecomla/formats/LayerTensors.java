package org.xecomla.formats;

import java.util.List;
import java.util.Map;
import org.xecomla.config.model.ParameterShapes;

/** What the shapes of one layer's attention tensors say about the layer. */
final class LayerTensors {
    private final Map<String, List<Long>> shapes;
    private final String prefix;

    LayerTensors(Map<String, List<Long>> shapes, int layer) {
        this.shapes = shapes;
        this.prefix = ParameterShapes.layer(layer) + "self_attn.";
    }

    boolean has(String projection) {
        return shapes.containsKey(prefix + projection + ".weight");
    }

    boolean isLatent() {
        return has("kv_b_proj") || has("kv_a_proj_with_mqa") || has("kv_a_layernorm");
    }

    /** Rank of the query latent; 0: full q_proj. {@code configured} decides where two tensors disagree. */
    int qLoraRank(int configured) {
        if (!has("q_a_proj") && !has("q_b_proj")) {
            return 0;
        }
        return agree(size("q_a_proj", 0), size("q_b_proj", 1), configured);
    }

    /** Rank of the KV latent. {@code configured} decides where two tensors disagree. */
    int kvLoraRank(int configured, int ropeDim) {
        int down = size("kv_a_proj_with_mqa", 0);
        return agree(down < 0 ? down : down - ropeDim, size("kv_b_proj", 1), configured);
    }

    private static int agree(int down, int up, int configured) {
        if (down > 0 && (down == up || up <= 0)) {
            return down;
        }
        return configured > 0 ? configured : up;
    }

    private int size(String projection, int dimension) {
        List<Long> shape = shapes.getOrDefault(prefix + projection + ".weight", List.of());
        return shape.size() == 2 ? (int) Math.min(shape.get(dimension), Integer.MAX_VALUE) : -1;
    }
}
