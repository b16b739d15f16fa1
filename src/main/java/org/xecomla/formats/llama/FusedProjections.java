package org.xecomla.formats.llama;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.checkpoint.DecoderJson;
import org.xecomla.formats.checkpoint.StoredWeight;

/**
 * Phi-3's matrices that are several parameters, one below the other: queries, keys and values, and gate and up.
 *
 * @param queryRows of the queries
 * @param keyRows of the keys, and of the values
 * @param gateRows of the gate, and of up
 */
record FusedProjections(int queryRows, int keyRows, int gateRows) {
    private static final String QUERY_KEY_VALUE = "self_attn.qkv_proj.weight";
    private static final String GATE_UP = "mlp.gate_up_proj.weight";

    static FusedProjections read(DecoderJson decoder) {
        AttentionConfig.Gqa layer = decoder.gqa(Biases.NONE, null);
        return new FusedProjections(
                layer.numHeads() * layer.headDim(),
                layer.numKvHeads() * layer.headDim(),
                decoder.json().integer("intermediate_size"));
    }

    /**
     * The parameters, of the rows that are theirs.
     *
     * @throws UserException where a matrix has another number of rows than its parts
     */
    Map<String, StoredWeight> split(Map<String, StoredWeight> stored) {
        Map<String, StoredWeight> parts = new TreeMap<>();
        stored.forEach((name, weight) -> {
            ParameterNames.InLayer place = ParameterNames.inLayer(name).orElse(null);
            String inLayer = place == null ? name : place.name();
            switch (inLayer) {
                case QUERY_KEY_VALUE -> {
                    List<String> names = List.of(ParameterNames.Q_PROJ, ParameterNames.K_PROJ, ParameterNames.V_PROJ);
                    split(parts, place.layer(), weight, names, List.of(queryRows, keyRows, keyRows));
                }
                case GATE_UP -> {
                    List<String> names = List.of(ParameterNames.GATE_PROJ, ParameterNames.UP_PROJ);
                    split(parts, place.layer(), weight, names, List.of(gateRows, gateRows));
                }
                default -> parts.put(name, weight);
            }
        });
        return parts;
    }

    private static void split(
            Map<String, StoredWeight> parts,
            int layer,
            StoredWeight weight,
            List<String> names,
            List<Integer> numRows) {
        long sum = numRows.stream().mapToLong(Integer::longValue).sum();
        if (weight.shape().size() != 2 || weight.shape().get(0) != sum) {
            throw new UserException(DataFiles.display(weight.file().path()) + ": tensor "
                    + weight.entry().name() + " has shape " + weight.shape() + ", its config.json asks for " + sum
                    + " rows");
        }
        long from = 0;
        for (int i = 0; i < names.size(); i++) {
            parts.put(ParameterNames.layer(layer) + names.get(i), weight.rows(from, from + numRows.get(i)));
            from += numRows.get(i);
        }
    }
}
