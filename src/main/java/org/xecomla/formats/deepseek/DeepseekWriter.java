package org.xecomla.formats.deepseek;

import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.DerivedWeights;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.ModelWriter;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.checkpoint.StudentAttention;
import org.xecomla.safetensors.Dtype;

/**
 * A student as dense DeepSeek V3, which computes the same function in stock classes.
 *
 * <ul>
 *   <li>A latent without a norm gets one that does nothing: the latent is made so small that the norm's epsilon
 *       outweighs its square, for every possible input, by 2^24; the norm is then a division by sqrt(epsilon), and the
 *       gain, a power of two, restores the latent. Not for F16, which cannot hold such latents; and never to be
 *       trained.
 *   <li>Servers take the latents' epsilon from {@code rms_norm_eps}, transformers fixes 1e-6: the residual stream is
 *       scaled such that 1e-6 is right everywhere.
 *   <li>Smaller ranks are padded with zeros; a norm over more dimensions is undone in the rows before it and its gain.
 *   <li>Low-rank queries without a norm are multiplied out; softmax scale and YaRN's factor go into the queries.
 * </ul>
 *
 * <p>Legend: D model, H heads, N nope, P rope, R rank of a layer's latent, Rm the largest of all.
 */
public final class DeepseekWriter implements ModelExport {
    @Override
    public List<String> notes(ModelConfig student) {
        return ServerNotes.of(exported(student), isNormFree(student));
    }

    @Override
    public void write(ModelSource student, Path directory, SaveOptions options) {
        ModelConfig exported = exported(student.config());
        if (isNormFree(student.config()) && options.dtype() == Dtype.F16) {
            throw new ConfigException("the student's latents have no norm, and F16 cannot hold them as small as stock"
                    + " classes need them: export it as BF16 or F32");
        }
        try (DerivedWeights weights = new DerivedWeights(new DeepseekWeights(student, exported)::made)) {
            new ModelWriter(directory, exported, options)
                    .write(weights, DeepseekConfig.text(exported, options.dtype()));
        }
    }

    private static boolean isNormFree(ModelConfig student) {
        return latent(student).stream().anyMatch(layer -> !layer.kvNorm());
    }

    /** The shape that is written, with {@code kv_lora_rank} the largest of all layers. */
    @Override
    public ModelConfig exported(ModelConfig student) {
        List<AttentionConfig.Mla> layers = latent(student);
        AttentionConfig.Mla first = layers.get(0);
        boolean normedQueries = layers.stream().allMatch(AttentionConfig.Mla::qNorm);
        int qRank = normedQueries
                ? layers.stream().mapToInt(AttentionConfig.Mla::qLoraRank).max().orElse(0)
                : 0;
        int kvRank =
                layers.stream().mapToInt(AttentionConfig.Mla::kvLoraRank).max().orElseThrow();
        AttentionConfig.Mla layer = new AttentionConfig.Mla(
                first.numHeads(),
                qRank,
                kvRank,
                first.qkNopeHeadDim(),
                first.qkRopeHeadDim(),
                first.vHeadDim(),
                qRank > 0,
                true,
                StudentAttention.stockRope(first.ropeScaling()),
                AttentionConfig.softmaxScale(first.qkHeadDim()));
        List<AttentionConfig> all = new ArrayList<>(layers);
        all.replaceAll(any -> layer);
        return new ModelConfig(
                student.hiddenSize(),
                student.intermediateSize(),
                student.vocabSize(),
                student.maxPositionEmbeddings(),
                ModelConfig.LATENT_NORM_EPS,
                student.ropeTheta(),
                false,
                false,
                student.bosTokenId(),
                student.eosTokenIds(),
                all);
    }

    private static List<AttentionConfig.Mla> latent(ModelConfig student) {
        StudentAttention.requireNoBiases(student, "deepseek-v3");
        List<AttentionConfig.Mla> layers = new ArrayList<>();
        for (AttentionConfig layer : student.attention()) {
            if (!(layer instanceof AttentionConfig.Mla mla)) {
                throw new ConfigException("layer " + layers.size() + " of the student is grouped-query attention, and"
                        + " every layer of DeepSeek V3 is latent: hybrids have no deepseek-v3 export");
            }
            layers.add(mla);
        }
        requireOneShape(layers);
        return layers;
    }

    private static void requireOneShape(List<AttentionConfig.Mla> layers) {
        AttentionConfig.Mla first = layers.get(0);
        if (first.ropeScaling() instanceof RopeScaling.Explicit) {
            throw new ConfigException(
                    "the student has rope frequencies of its own (upcycle.rope-rows = strongest), which"
                            + " DeepSeek's classes cannot compute");
        }
        boolean someNormed = layers.stream().anyMatch(AttentionConfig.Mla::qNorm);
        for (AttentionConfig.Mla layer : layers) {
            if (layer.numHeads() != first.numHeads()
                    || layer.qkNopeHeadDim() != first.qkNopeHeadDim()
                    || layer.qkRopeHeadDim() != first.qkRopeHeadDim()
                    || layer.vHeadDim() != first.vHeadDim()
                    || !layer.ropeScaling().equals(first.ropeScaling())
                    || layer.qNorm() != someNormed) {
                throw new ConfigException(
                        "the student's layers differ in more than their ranks, and those of DeepSeek V3"
                                + " do not: it has no deepseek-v3 export");
            }
        }
    }
}
