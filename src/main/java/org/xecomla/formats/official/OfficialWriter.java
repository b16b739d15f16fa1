package org.xecomla.formats.official;

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

/**
 * A student, hybrids included, as X-EcoMLA's official code loads it. That code knows low-rank queries only: a full
 * query projection goes behind an identity. Its softmax scale is fixed; what a student's own differs by goes into the
 * queries.
 *
 * <p>Legend: D model, H heads, N nope, P rope, Rq rank of the queries.
 */
public final class OfficialWriter implements ModelExport {
    @Override
    public List<String> notes(ModelConfig student) {
        exported(student);
        return List.of("X-EcoMLA's official code: MLATransformerHybridModelWrapper.from_pretrained; no stock server");
    }

    @Override
    public void write(ModelSource student, Path directory, SaveOptions options) {
        ModelConfig exported = exported(student.config());
        try (DerivedWeights weights = new DerivedWeights(new OfficialWeights(student, exported)::made)) {
            new ModelWriter(directory, exported, options)
                    .write(
                            weights,
                            OfficialConfig.texts(exported, options.dtype()),
                            name -> OfficialNames.stored(exported, name));
        }
    }

    /** The shape that is written. */
    @Override
    public ModelConfig exported(ModelConfig student) {
        StudentAttention.requirePlain(student, "xecomla");
        List<AttentionConfig> layers = new ArrayList<>();
        AttentionConfig.Mla first = null;
        for (AttentionConfig layer : student.attention()) {
            if (layer instanceof AttentionConfig.Mla mla) {
                first = first == null ? mla : first;
                requireKnown(mla, first, student);
                layers.add(stock(mla, student));
            } else {
                layers.add(layer);
            }
        }
        if (first == null) {
            throw new ConfigException("the model has no latent layer: export it as llama");
        }
        return student.withAttention(layers);
    }

    private static AttentionConfig.Mla stock(AttentionConfig.Mla layer, ModelConfig student) {
        return new AttentionConfig.Mla(
                layer.numHeads(),
                layer.qLoraRank() == 0 ? student.hiddenSize() : layer.qLoraRank(),
                layer.kvLoraRank(),
                layer.qkNopeHeadDim(),
                layer.qkRopeHeadDim(),
                layer.vHeadDim(),
                layer.qNorm(),
                layer.kvNorm(),
                StudentAttention.stockRope(layer.ropeScaling()),
                AttentionConfig.softmaxScale(layer.qkHeadDim()));
    }

    private static void requireKnown(AttentionConfig.Mla layer, AttentionConfig.Mla first, ModelConfig student) {
        if (layer.qNorm() != layer.kvNorm() || layer.kvNorm() != first.kvNorm()) {
            throw new ConfigException(
                    "the student has a norm on some latents only, and the official code on all or none:"
                            + " it has no xecomla export");
        }
        if (layer.numHeads() * layer.vHeadDim() != student.hiddenSize()) {
            throw new ConfigException("the official code needs heads that fill the hidden size, and the student's "
                    + layer.numHeads() + " of " + layer.vHeadDim() + " do not fill " + student.hiddenSize());
        }
        RopeScaling rope = layer.ropeScaling();
        if (!(rope instanceof RopeScaling.None
                || rope instanceof RopeScaling.Yarn
                || rope instanceof RopeScaling.Linear)) {
            throw new ConfigException("the official code knows plain, linear and YaRN rope for latent layers, not the"
                    + " student's " + rope.getClass().getSimpleName() + ": it has no xecomla export");
        }
    }
}
