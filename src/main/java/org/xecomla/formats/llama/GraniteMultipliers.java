package org.xecomla.formats.llama;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.formats.checkpoint.DecoderJson;
import org.xecomla.formats.checkpoint.ModelJson;
import org.xecomla.formats.checkpoint.StoredWeight;

/**
 * What Granite multiplies its embeddings, scores, branches and logits by. Each of them is linear in a weight, so the
 * weights can be multiplied instead, once, and what is left is Llama.
 *
 * @param embedding on the embedded tokens
 * @param query on queries: what their scores are multiplied by, over Llama's 1 / sqrt(headDim)
 * @param branch on what attention and feed-forward layers add to the stream
 * @param logits on the logits
 * @param tied whether the head is the embedding
 */
record GraniteMultipliers(double embedding, double query, double branch, double logits, boolean tied) {
    private static final List<String> QUERIES =
            List.of(ParameterNames.Q_PROJ, ParameterNames.bias(ParameterNames.Q_PROJ));
    private static final List<String> BRANCHES = List.of(
            ParameterNames.O_PROJ,
            ParameterNames.bias(ParameterNames.O_PROJ),
            ParameterNames.DOWN_PROJ,
            ParameterNames.bias(ParameterNames.DOWN_PROJ));

    /** @throws org.xecomla.errors.ConfigException where a multiplier is not positive */
    static GraniteMultipliers read(DecoderJson decoder) {
        ModelJson json = decoder.json();
        int headDim = decoder.gqa(Biases.NONE, null).headDim();
        return new GraniteMultipliers(
                positive(json, "embedding_multiplier"),
                positive(json, "attention_multiplier") * Math.sqrt(headDim),
                positive(json, "residual_multiplier"),
                1 / positive(json, "logits_scaling"),
                json.flag("tie_word_embeddings", decoder.defaults().tied()));
    }

    private static double positive(ModelJson json, String key) {
        double value = json.number(key, 1);
        if (!(value > 0)) {
            throw json.unsupported(key, "positive numbers are");
        }
        return value;
    }

    /** The weights of the Llama that computes the same. */
    Map<String, StoredWeight> applied(Map<String, StoredWeight> stored) {
        Map<String, StoredWeight> multiplied = new TreeMap<>();
        stored.forEach((name, weight) -> multiplied.put(name, weight.times(factor(name))));
        return multiplied;
    }

    /** A head that is the embedding is multiplied with it, and the norm before it takes that back. */
    private double factor(String parameter) {
        String name = ParameterNames.inLayer(parameter)
                .map(ParameterNames.InLayer::name)
                .orElse(parameter);
        if (QUERIES.contains(name)) {
            return query;
        }
        if (BRANCHES.contains(name)) {
            return branch;
        }
        return switch (name) {
            case ParameterNames.EMBEDDING -> embedding;
            case ParameterNames.HEAD -> tied ? embedding : 1;
            case ParameterNames.FINAL_NORM -> tied ? logits / embedding : logits;
            default -> 1;
        };
    }
}
