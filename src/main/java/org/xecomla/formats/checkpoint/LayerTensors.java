package org.xecomla.formats.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;

/** What the shapes of one layer's attention tensors say about the layer. */
public final class LayerTensors {
    private static final Set<String> LATENT =
            Set.of(ParameterNames.KV_B_PROJ, ParameterNames.KV_A_PROJ, ParameterNames.KV_A_NORM);

    private static final Set<String> LOW_RANK =
            Set.of(ParameterNames.K_A_PROJ, ParameterNames.K_B_PROJ, ParameterNames.V_A_PROJ, ParameterNames.V_B_PROJ);

    private final Map<String, List<Long>> shapes;
    private final String prefix;
    private final int layer;

    LayerTensors(Map<String, List<Long>> shapes, int layer) {
        this.shapes = shapes;
        this.prefix = ParameterNames.layer(layer);
        this.layer = layer;
    }

    /** From 0. */
    public int layer() {
        return layer;
    }

    public boolean has(String parameter) {
        return shapes.containsKey(prefix + parameter);
    }

    /** Which of its projections have biases. */
    public AttentionConfig.Biases biases() {
        if (hasBias(ParameterNames.O_PROJ)) {
            return AttentionConfig.Biases.ALL;
        }
        return hasBias(ParameterNames.Q_PROJ) || hasBias(ParameterNames.K_PROJ) || hasBias(ParameterNames.KV_A_PROJ)
                ? AttentionConfig.Biases.INPUTS
                : AttentionConfig.Biases.NONE;
    }

    /**
     * Over what queries and keys of a layer that is not latent are normalised; null: they are not.
     *
     * @param headDim elements of a head
     */
    public AttentionConfig.NormScope norms(int headDim) {
        List<Long> gain = shapes.get(prefix + ParameterNames.Q_NORM);
        return gain == null
                ? null
                : gain.equals(List.of((long) headDim))
                        ? AttentionConfig.NormScope.HEAD
                        : AttentionConfig.NormScope.TOKEN;
    }

    private boolean hasBias(String projection) {
        return has(projection) && has(ParameterNames.bias(projection));
    }

    boolean isLatent() {
        return LATENT.stream().anyMatch(this::has);
    }

    /** Whether it is grouped-query attention whose keys and values are products. */
    boolean isLowRank() {
        return LOW_RANK.stream().anyMatch(this::has);
    }

    /** Whether a parameter is one that makes its layer another than Llama's. */
    static boolean isLatent(String parameter) {
        return ParameterNames.inLayer(parameter)
                .filter(place -> LATENT.contains(place.name()) || LOW_RANK.contains(place.name()))
                .isPresent();
    }

    /** Rank of the latent of keys, or of values. {@code configured} decides where two tensors disagree. */
    int rank(String down, String up, int configured) {
        return agree(size(down, 0), size(up, 1), configured);
    }

    /** Rank of the query latent; 0: full q_proj. {@code configured} decides where two tensors disagree. */
    int qLoraRank(int configured) {
        if (!has(ParameterNames.Q_A_PROJ) && !has(ParameterNames.Q_B_PROJ)) {
            return 0;
        }
        return agree(size(ParameterNames.Q_A_PROJ, 0), size(ParameterNames.Q_B_PROJ, 1), configured);
    }

    /** Rank of the KV latent. {@code configured} decides where two tensors disagree. */
    int kvLoraRank(int configured, int ropeDim) {
        int down = size(ParameterNames.KV_A_PROJ, 0);
        return agree(down < 0 ? down : down - ropeDim, size(ParameterNames.KV_B_PROJ, 1), configured);
    }

    private static int agree(int down, int up, int configured) {
        if (down > 0 && (down == up || up <= 0)) {
            return down;
        }
        return configured > 0 ? configured : up;
    }

    /** Rows of a matrix that the layer has. */
    int rows(String parameter) {
        return size(parameter, 0);
    }

    private int size(String parameter, int dimension) {
        List<Long> shape = shapes.getOrDefault(prefix + parameter, List.of());
        return shape.size() == 2 ? (int) Math.min(shape.get(dimension), Integer.MAX_VALUE) : -1;
    }
}
