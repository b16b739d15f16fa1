package org.xecomla.formats.deepseek;

import java.util.Collections;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.DerivedWeights;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.ModelWriter;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.checkpoint.StockStudent;
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
        return ServerNotes.of(exported(student), stock(student).isNormFree());
    }

    @Override
    public void write(ModelSource student, Path directory, SaveOptions options) {
        ModelConfig exported = exported(student.config());
        if (stock(student.config()).isNormFree() && options.dtype() == Dtype.F16) {
            throw new ConfigException("the student's latents have no norm, and F16 cannot hold them as small as stock"
                    + " classes need them: export it as BF16 or F32");
        }
        try (DerivedWeights weights = new DerivedWeights(new DeepseekWeights(student, exported)::made)) {
            new ModelWriter(directory, exported, options)
                    .write(weights, DeepseekConfig.text(exported, options.dtype()));
        }
    }

    /** The shape that is written, with {@code kv_lora_rank} the largest of all layers. */
    @Override
    public ModelConfig exported(ModelConfig student) {
        AttentionConfig.Mla first = stock(student).layers().get(0);
        AttentionConfig layer = stock(student)
                .widest(
                        StudentAttention.stockRope(first.ropeScaling()),
                        AttentionConfig.softmaxScale(first.qkHeadDim()));
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
                Collections.nCopies(student.numLayers(), layer));
    }

    private static StockStudent stock(ModelConfig student) {
        return StockStudent.of(student, "deepseek-v3", "DeepSeek V3");
    }
}
