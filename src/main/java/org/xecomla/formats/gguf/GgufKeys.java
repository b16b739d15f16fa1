package org.xecomla.formats.gguf;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** A model's shape in the keys of a GGUF file, written and read. */
final class GgufKeys {
    static final String ARCHITECTURE = "general.architecture";
    static final String LATENT = "deepseek2";
    static final String GROUPED = "llama";

    /** With this deepseek2 multiplies scores by m^2 and leaves cos and sin alone. */
    private static final float YARN_LOG_MULTIPLIER = 0.1f;

    private GgufKeys() {}

    static void write(GgufOutput out, ModelConfig model, GgufType type, String name) {
        String architecture = GgufShape.isLatent(model) ? LATENT : GROUPED;
        String prefix = architecture + ".";
        out.key(ARCHITECTURE, architecture);
        out.key("general.name", name);
        out.key("general.file_type", type.fileType());
        out.key(prefix + "context_length", model.maxPositionEmbeddings());
        out.key(prefix + "embedding_length", model.hiddenSize());
        out.key(prefix + "block_count", model.numLayers());
        out.key(prefix + "feed_forward_length", model.intermediateSize());
        out.key(prefix + "vocab_size", model.vocabSize());
        out.key(prefix + "attention.layer_norm_rms_epsilon", (float) model.rmsNormEps());
        out.key(prefix + "rope.freq_base", (float) model.ropeTheta());
        AttentionConfig layer = model.attention().get(0);
        out.key(prefix + "rope.dimension_count", layer.ropeDim());
        if (layer instanceof AttentionConfig.Mla mla) {
            latent(out, mla, model);
        } else if (layer instanceof AttentionConfig.Gqa gqa) {
            out.key("llama.attention.head_count", gqa.numHeads());
            out.key("llama.attention.head_count_kv", gqa.numKvHeads());
            out.key("llama.attention.key_length", gqa.headDim());
            out.key("llama.attention.value_length", gqa.headDim());
        }
    }

    private static void latent(GgufOutput out, AttentionConfig.Mla mla, ModelConfig model) {
        out.key("deepseek2.attention.head_count", mla.numHeads());
        out.key("deepseek2.attention.head_count_kv", 1);
        out.key("deepseek2.attention.q_lora_rank", mla.qLoraRank());
        out.key("deepseek2.attention.kv_lora_rank", mla.kvLoraRank());
        out.key("deepseek2.attention.key_length", mla.kvElementsPerToken());
        out.key("deepseek2.attention.value_length", mla.kvLoraRank());
        out.key("deepseek2.attention.key_length_mla", mla.qkHeadDim());
        out.key("deepseek2.attention.value_length_mla", mla.vHeadDim());
        out.key("deepseek2.leading_dense_block_count", model.numLayers());
        out.key("deepseek2.expert_feed_forward_length", model.intermediateSize());
        out.key("deepseek2.expert_count", 0);
        out.key("deepseek2.expert_shared_count", 0);
        out.key("deepseek2.expert_weights_scale", 1f);
        if (mla.ropeScaling() instanceof RopeScaling.Yarn yarn) {
            out.key("deepseek2.rope.scaling.type", "yarn");
            out.key("deepseek2.rope.scaling.factor", (float) yarn.factor());
            out.key("deepseek2.rope.scaling.original_context_length", yarn.originalMaxPositionEmbeddings());
            out.key("deepseek2.rope.scaling.yarn_log_multiplier", YARN_LOG_MULTIPLIER);
        }
    }

    /**
     * The shape of a model that {@link GgufWriter} wrote, or of one like it.
     *
     * @throws UserException where the architecture is another, or a key is missing
     */
    static ModelConfig read(GgufFile file) {
        String architecture = file.text(ARCHITECTURE);
        if (!architecture.equals(LATENT) && !architecture.equals(GROUPED)) {
            throw new UserException(DataFiles.display(file.path()) + ": general.architecture \"" + architecture
                    + "\" is not supported: " + LATENT + ", " + GROUPED + " are");
        }
        String prefix = architecture + ".";
        double theta = decimal(file.number(prefix + "rope.freq_base"));
        AttentionConfig layer = architecture.equals(LATENT) ? latent(file) : grouped(file, theta);
        int eos = file.integer("tokenizer.ggml.eos_token_id", -1);
        return new ModelConfig(
                file.integer(prefix + "embedding_length"),
                file.integer(prefix + "feed_forward_length"),
                file.integer(prefix + "vocab_size"),
                file.integer(prefix + "context_length"),
                decimal(file.number(prefix + "attention.layer_norm_rms_epsilon")),
                theta,
                !file.entries().containsKey("output.weight"),
                file.entries().containsKey("blk.0.ffn_down.bias"),
                file.integer("tokenizer.ggml.bos_token_id", -1),
                eos < 0 ? List.of() : List.of(eos),
                Collections.nCopies(layers(file, prefix), layer));
    }

    /** A file cannot have more layers than tensors: what follows makes lists of that length. */
    private static int layers(GgufFile file, String prefix) {
        int layers = file.integer(prefix + "block_count");
        if (layers < 1 || layers > file.entries().size()) {
            throw file.unusable(prefix + "block_count", "number of layers that there are tensors for");
        }
        return layers;
    }

    /** The decimal number that was meant: 1e-5 is another as f32. */
    private static double decimal(double single) {
        return Double.parseDouble(Float.toString((float) single));
    }

    private static AttentionConfig latent(GgufFile file) {
        String prefix = LATENT + ".attention.";
        if (file.integer(prefix + "head_count_kv") != 1 || file.integer(LATENT + ".expert_count", 0) != 0) {
            throw file.unusable(LATENT + ".expert_count", "dense model of one cached head");
        }
        int rope = file.integer(LATENT + ".rope.dimension_count");
        int head = file.integer(prefix + "key_length_mla");
        int qRank = file.integer(prefix + "q_lora_rank", 0);
        RopeScaling scaling = RopeScaling.NONE;
        if (file.keys().containsKey(LATENT + ".rope.scaling.type")) {
            scaling = new RopeScaling.Yarn(
                    decimal(file.number(LATENT + ".rope.scaling.factor")),
                    file.integer(LATENT + ".rope.scaling.original_context_length"),
                    GgufShape.BETA_FAST,
                    GgufShape.BETA_SLOW,
                    1,
                    1);
        }
        return new AttentionConfig.Mla(
                file.integer(prefix + "head_count"),
                qRank,
                file.integer(prefix + "kv_lora_rank"),
                head - rope,
                rope,
                file.integer(prefix + "value_length_mla"),
                qRank > 0,
                true,
                scaling,
                GgufShape.softmaxScale(head, scaling));
    }

    private static AttentionConfig grouped(GgufFile file, double theta) {
        String prefix = GROUPED + ".attention.";
        int heads = file.integer(prefix + "head_count");
        int head = file.integer(prefix + "key_length", file.integer(GROUPED + ".rope.dimension_count"));
        AttentionConfig.Biases biases = AttentionConfig.Biases.NONE;
        if (file.entries().containsKey("blk.0.attn_q.bias")) {
            biases = file.entries().containsKey("blk.0.attn_output.bias")
                    ? AttentionConfig.Biases.ALL
                    : AttentionConfig.Biases.INPUTS;
        }
        return new AttentionConfig.Gqa(
                heads, file.integer(prefix + "head_count_kv", heads), head, frequencies(file, head, theta), biases);
    }

    private static RopeScaling frequencies(GgufFile file, int headDim, double theta) {
        if (!file.entries().containsKey(GgufNames.ROPE_FACTORS)) {
            return RopeScaling.NONE;
        }
        float[] factors = file.read(GgufNames.ROPE_FACTORS);
        List<Double> plain =
                RopeFrequencies.of(headDim, theta, RopeScaling.NONE).inverse();
        if (factors.length != plain.size()) {
            throw new UserException(DataFiles.display(file.path()) + ": tensor " + GgufNames.ROPE_FACTORS + " has "
                    + factors.length + " elements, not " + plain.size());
        }
        return new RopeScaling.Explicit(IntStream.range(0, factors.length)
                .mapToObj(j -> plain.get(j) / factors[j])
                .toList());
    }
}
