package org.xecomla.formats.checkpoint;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;

/**
 * The layers of a student that is written for classes whose layers are all latent and of one shape.
 *
 * @param layers differ in ranks and norms of their latents at most
 * @param format as messages call it
 */
public record StockStudent(List<AttentionConfig.Mla> layers, String format) {
    /**
     * @param student what is exported
     * @param format as messages call it, such as deepseek-v3
     * @param classes whose layers they must be
     * @throws ConfigException where a layer is not latent, or they differ in more than ranks
     */
    public static StockStudent of(ModelConfig student, String format, String classes) {
        StudentAttention.requirePlain(student, format);
        List<AttentionConfig.Mla> layers = new ArrayList<>();
        for (AttentionConfig layer : student.attention()) {
            if (!(layer instanceof AttentionConfig.Mla mla)) {
                throw new ConfigException("layer " + layers.size() + " of the student is grouped-query attention, and"
                        + " every layer of " + classes + " is latent: hybrids have no " + format + " export");
            }
            layers.add(mla);
        }
        StockStudent stock = new StockStudent(layers, format);
        stock.requireOneShape(classes);
        return stock;
    }

    private void requireOneShape(String classes) {
        AttentionConfig.Mla first = layers.get(0);
        if (first.ropeScaling() instanceof RopeScaling.Explicit) {
            throw new ConfigException("the student has rope frequencies of its own (upcycle.rope-rows = strongest),"
                    + " which " + classes + "'s classes cannot compute: export it as native");
        }
        boolean someNormed = layers.stream().anyMatch(AttentionConfig.Mla::qNorm);
        for (AttentionConfig.Mla layer : layers) {
            if (layer.numHeads() != first.numHeads()
                    || layer.qkNopeHeadDim() != first.qkNopeHeadDim()
                    || layer.qkRopeHeadDim() != first.qkRopeHeadDim()
                    || layer.vHeadDim() != first.vHeadDim()
                    || !layer.ropeScaling().equals(first.ropeScaling())
                    || layer.qNorm() != someNormed) {
                throw new ConfigException("the student's layers differ in more than their ranks, and those of "
                        + classes + " do not: it has no " + format + " export");
            }
        }
    }

    public boolean isNormFree() {
        return layers.stream().anyMatch(layer -> !layer.kvNorm());
    }

    /** The layer that holds every one of them: with the largest ranks and a norm on the latent. */
    public AttentionConfig.Mla widest(RopeScaling rope, double softmaxScale) {
        AttentionConfig.Mla first = layers.get(0);
        boolean normedQueries = first.qNorm();
        int qRank = normedQueries
                ? layers.stream().mapToInt(AttentionConfig.Mla::qLoraRank).max().orElse(0)
                : 0;
        int kvRank =
                layers.stream().mapToInt(AttentionConfig.Mla::kvLoraRank).max().orElseThrow();
        return new AttentionConfig.Mla(
                first.numHeads(),
                qRank,
                kvRank,
                first.qkNopeHeadDim(),
                first.qkRopeHeadDim(),
                first.vHeadDim(),
                qRank > 0,
                true,
                rope,
                softmaxScale);
    }
}
