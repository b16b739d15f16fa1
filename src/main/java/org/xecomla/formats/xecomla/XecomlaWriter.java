package org.xecomla.formats.xecomla;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.DerivedWeights;
import org.xecomla.formats.checkpoint.LatentJson;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.ModelWriter;
import org.xecomla.formats.checkpoint.RopeJson;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.llama.LlamaWriter;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.ParameterStore;

/**
 * Writes a model as it is: a Llama where every layer is grouped-query attention, ours where any is latent.
 *
 * <p>Ours has Llama's keys, and: {@code layer_types} (full_attention or latent_attention), DeepSeek's
 * {@code q_lora_rank}, {@code kv_lora_rank}, {@code qk_nope_head_dim}, {@code qk_rope_head_dim} and {@code v_head_dim};
 * {@code layer_ranks}, one object a layer, where ranks differ (the plain keys then hold the largest);
 * {@code mla_rope_scaling} or {@code mla_inv_freq}, the rope of latent layers beside {@code rope_scaling} of the
 * others; {@code layer_ropes}, one object a layer, where listed frequencies differ; {@code mla_scale}, the factor on
 * the scores before the softmax.
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

    /** @throws ConfigException where layers of one kind differ in more than ranks, norms and listed frequencies */
    static String text(ModelConfig model, Dtype dtype) {
        List<AttentionConfig.Mla> latent = model.layers(AttentionConfig.Mla.class);
        if (latent.isEmpty()) {
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
        putLatent(json, model, latent);
        return json.toPrettyString() + "\n";
    }

    private static void putLatent(ObjectNode json, ModelConfig model, List<AttentionConfig.Mla> latent) {
        AttentionConfig.Mla first = latent.get(0);
        boolean alike = latent.stream().allMatch(layer -> sameButRanks(layer, first))
                && model.layers(AttentionConfig.Gqa.class).stream().allMatch(gqa -> gqa.numHeads() == first.numHeads());
        if (!alike) {
            throw new ConfigException("layers of latent attention differ in more than their ranks and listed"
                    + " frequencies: config.json has one number of heads, head dimensions, rope scaling and softmax"
                    + " scale for all");
        }
        ArrayNode types = json.putArray("layer_types");
        model.attention()
                .forEach(layer ->
                        types.add(layer instanceof AttentionConfig.Mla ? "latent_attention" : "full_attention"));
        putRanks(json, model, latent);
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
                    putFrequencies(rope, (RopeScaling.Explicit) mla.ropeScaling());
                } else {
                    perLayer.addNull();
                }
            }
        } else if (first instanceof RopeScaling.Explicit explicit) {
            putFrequencies(json, explicit);
        } else {
            RopeJson.write(json, "mla_rope_scaling", first);
        }
    }

    private static void putFrequencies(ObjectNode json, RopeScaling.Explicit rope) {
        rope.inverseFrequencies().forEach(json.putArray(XecomlaReader.FREQUENCIES)::add);
    }

    private static boolean haveOneRope(AttentionConfig.Mla a, AttentionConfig.Mla b) {
        return a.qkRopeHeadDim() == b.qkRopeHeadDim()
                && a.softmaxScale() == b.softmaxScale()
                && a.ropeScaling().equals(b.ropeScaling());
    }

    /** Layers that list their frequencies may each have others, and another number of them. */
    private static boolean sameButRanks(AttentionConfig.Mla a, AttentionConfig.Mla b) {
        boolean listed =
                a.ropeScaling() instanceof RopeScaling.Explicit && b.ropeScaling() instanceof RopeScaling.Explicit;
        return a.numHeads() == b.numHeads()
                && a.qkNopeHeadDim() == b.qkNopeHeadDim()
                && a.vHeadDim() == b.vHeadDim()
                && Objects.equals(a.keyScales(), b.keyScales())
                && (listed || haveOneRope(a, b));
    }

    private static void putRanks(ObjectNode json, ModelConfig model, List<AttentionConfig.Mla> latent) {
        putRank(json, "q_lora_rank", largest(latent, AttentionConfig.Mla::qLoraRank));
        putRank(json, "kv_lora_rank", largest(latent, AttentionConfig.Mla::kvLoraRank));
        AttentionConfig.Mla first = latent.get(0);
        boolean same = latent.stream()
                .allMatch(layer -> layer.qLoraRank() == first.qLoraRank() && layer.kvLoraRank() == first.kvLoraRank());
        if (same) {
            return;
        }
        ArrayNode perLayer = json.putArray(XecomlaReader.LAYER_RANKS);
        for (AttentionConfig layer : model.attention()) {
            if (layer instanceof AttentionConfig.Mla mla) {
                ObjectNode ranks = perLayer.addObject();
                putRank(ranks, "q_lora_rank", mla.qLoraRank());
                putRank(ranks, "kv_lora_rank", mla.kvLoraRank());
            } else {
                perLayer.addNull();
            }
        }
    }

    private static int largest(List<AttentionConfig.Mla> layers, ToIntFunction<AttentionConfig.Mla> rank) {
        return layers.stream().mapToInt(rank).max().orElseThrow();
    }

    private static void putRank(ObjectNode target, String key, int rank) {
        if (rank == 0) {
            target.putNull(key);
        } else {
            target.put(key, rank);
        }
    }
}
