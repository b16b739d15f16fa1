package org.xecomla.formats.xecomla;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.DerivedWeights;
import org.xecomla.formats.checkpoint.Headers;
import org.xecomla.formats.checkpoint.LatentJson;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.ModelWriter;
import org.xecomla.formats.checkpoint.RopeJson;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.checkpoint.UnrotatedLayers;
import org.xecomla.formats.llama.LlamaWriter;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.ParameterStore;

/**
 * Writes a model as it is: a Llama where every layer is grouped-query attention, ours where any is latent, or its keys
 * and values are products.
 *
 * <p>Ours has Llama's keys, and: {@code layer_types} (full_attention, latent_attention or low_rank_attention),
 * DeepSeek's {@code q_lora_rank}, {@code kv_lora_rank}, {@code qk_nope_head_dim}, {@code qk_rope_head_dim} and
 * {@code v_head_dim}; {@code k_lora_rank} and {@code v_lora_rank} where keys and values are products;
 * {@code layer_ranks}, one object a layer, where ranks differ (the plain keys then hold the largest);
 * {@code mla_rope_scaling} or {@code mla_inv_freq}, the rope of latent layers beside {@code rope_scaling} of the
 * others; {@code layer_ropes}, one object a layer, where listed frequencies differ or some layers are not rotated;
 * SmolLM3's {@code no_rope_layers}, which of them are; {@code mla_scale}, the factor on the scores before the softmax.
 */
public final class XecomlaWriter implements ModelExport {
    @Override
    public ModelConfig exported(ModelConfig model) {
        return model;
    }

    @Override
    public List<String> notes(ModelConfig model) {
        return List.of("xecomla-spark: loads as it is; stock servers do not, export it as deepseek-v3 for those");
    }

    @Override
    public void write(ModelSource model, Path directory, SaveOptions options) {
        ModelConfig config = model.config();
        try (DerivedWeights weights = new DerivedWeights(model::tensor)) {
            new ModelWriter(directory, config, options).write(weights, text(config, options.dtype()));
        }
    }

    /** Writes parameters that are in memory. */
    public static void write(Path directory, ModelConfig config, ParameterStore weights, SaveOptions options) {
        new ModelWriter(directory, config, options).write(weights::get, text(config, options.dtype()));
    }

    /**
     * @throws ConfigException where layers of one kind differ in more than ranks, norms, listed frequencies and whether
     *     they rotate
     */
    static String text(ModelConfig model, Dtype dtype) {
        List<AttentionConfig.Mla> latent = model.layers(AttentionConfig.Mla.class);
        if (model.layers(AttentionConfig.Gqa.class).size() == model.numLayers()) {
            return LlamaWriter.text(model, dtype);
        }
        ObjectNode json = new JsonMapper().createObjectNode();
        LlamaWriter.putDecoder(json, model, dtype, "XecomlaForCausalLM", XecomlaReader.MODEL_TYPE);
        if (latent.size() < model.numLayers()) {
            LlamaWriter.putAttention(json, model);
        } else {
            json.put("num_attention_heads", latent.get(0).numHeads());
            json.put("num_key_value_heads", latent.get(0).numHeads());
            json.putNull("rope_scaling");
        }
        ArrayNode types = json.putArray("layer_types");
        model.attention().forEach(layer -> types.add(type(layer)));
        putRanks(json, model);
        if (!latent.isEmpty()) {
            putLatent(json, model, latent);
        }
        UnrotatedLayers.write(json, model);
        return json.toPrettyString() + "\n";
    }

    private static String type(AttentionConfig layer) {
        if (layer instanceof AttentionConfig.Mla) {
            return "latent_attention";
        }
        return layer instanceof AttentionConfig.LowRankGqa ? "low_rank_attention" : "full_attention";
    }

    private static void putLatent(ObjectNode json, ModelConfig model, List<AttentionConfig.Mla> latent) {
        AttentionConfig.Mla first = latent.get(0);
        boolean alike = latent.stream().allMatch(layer -> sameButRanks(layer, first))
                && model.groupedLayers().stream().allMatch(gqa -> gqa.numHeads() == first.numHeads());
        if (!alike) {
            throw new ConfigException("layers of latent attention differ in more than their ranks and listed"
                    + " frequencies: config.json has one number of heads, head dimensions, rope scaling and softmax"
                    + " scale for all");
        }
        json.put("qk_nope_head_dim", first.qkNopeHeadDim());
        json.put("qk_rope_head_dim", first.qkRopeHeadDim());
        json.put("v_head_dim", first.vHeadDim());
        json.put("mla_scale", first.softmaxScale());
        if (first.keyScales() != null) {
            json.put(
                    LatentJson.QK_NORM,
                    LatentJson.scopeName(first.keyScales().norm().scope()));
        }
        putRope(json, model, latent);
    }

    private static void putRope(ObjectNode json, ModelConfig model, List<AttentionConfig.Mla> latent) {
        RopeScaling first = latent.get(0).ropeScaling();
        if (latent.stream().anyMatch(layer -> !haveOneRope(layer, latent.get(0)))) {
            ArrayNode perLayer = json.putArray(XecomlaReader.LAYER_ROPES);
            for (AttentionConfig layer : model.attention()) {
                if (layer instanceof AttentionConfig.Mla mla) {
                    ObjectNode rope = perLayer.addObject();
                    rope.put("qk_rope_head_dim", mla.qkRopeHeadDim());
                    rope.put("mla_scale", mla.softmaxScale());
                    putScaling(rope, mla.ropeScaling());
                } else {
                    perLayer.addNull();
                }
            }
        } else {
            putScaling(json, first);
        }
    }

    private static void putScaling(ObjectNode json, RopeScaling scaling) {
        if (scaling instanceof RopeScaling.Explicit rope) {
            rope.inverseFrequencies().forEach(json.putArray(XecomlaReader.FREQUENCIES)::add);
            if (rope.numParts() > 1) {
                json.put(XecomlaReader.PARTS, rope.numParts());
            }
        } else if (!(scaling instanceof RopeScaling.Unrotated)) {
            RopeJson.write(json, "mla_rope_scaling", scaling);
        }
    }

    private static boolean haveOneRope(AttentionConfig.Mla a, AttentionConfig.Mla b) {
        return a.qkRopeHeadDim() == b.qkRopeHeadDim()
                && a.softmaxScale() == b.softmaxScale()
                && a.ropeScaling().equals(b.ropeScaling());
    }

    /**
     * Layers that list their frequencies may each have others, and another number of them; so may those that are not
     * rotated beside others.
     */
    private static boolean sameButRanks(AttentionConfig.Mla a, AttentionConfig.Mla b) {
        boolean listed =
                a.ropeScaling() instanceof RopeScaling.Explicit && b.ropeScaling() instanceof RopeScaling.Explicit
                        || !a.isRotated()
                        || !b.isRotated();
        return a.numHeads() == b.numHeads()
                && a.qkNopeHeadDim() == b.qkNopeHeadDim()
                && a.vHeadDim() == b.vHeadDim()
                && Objects.equals(a.keyScales(), b.keyScales())
                && (listed || haveOneRope(a, b));
    }

    private static void putRanks(ObjectNode json, ModelConfig model) {
        List<Map<String, Integer>> ranks =
                model.attention().stream().map(XecomlaWriter::ranks).toList();
        Map<String, Integer> largest = new LinkedHashMap<>();
        ranks.forEach(layer -> layer.forEach((key, rank) -> largest.merge(key, rank, Math::max)));
        largest.forEach((key, rank) -> putRank(json, key, rank));
        boolean same = ranks.stream().allMatch(layer -> layer.entrySet().stream()
                .allMatch(rank -> rank.getValue().equals(largest.get(rank.getKey()))));
        if (same) {
            return;
        }
        ArrayNode perLayer = json.putArray(Headers.LAYER_RANKS);
        for (Map<String, Integer> layer : ranks) {
            if (layer.isEmpty()) {
                perLayer.addNull();
            } else {
                ObjectNode object = perLayer.addObject();
                layer.forEach((key, rank) -> putRank(object, key, rank));
            }
        }
    }

    /** Of one layer by their keys; none of a layer of full grouped-query attention. */
    private static Map<String, Integer> ranks(AttentionConfig layer) {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        if (layer instanceof AttentionConfig.Mla mla) {
            ranks.put("q_lora_rank", mla.qLoraRank());
            ranks.put("kv_lora_rank", mla.kvLoraRank());
        } else if (layer instanceof AttentionConfig.LowRankGqa lowRank) {
            ranks.put(Headers.KEY_RANK, lowRank.keyRank());
            ranks.put(Headers.VALUE_RANK, lowRank.valueRank());
        }
        return ranks;
    }

    private static void putRank(ObjectNode target, String key, int rank) {
        if (rank == 0) {
            target.putNull(key);
        } else {
            target.put(key, rank);
        }
    }
}
