package org.xecomla.bench;

import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.xecomla.config.ComputeConfig.Recompute;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.nn.Flops;

/**
 * The model and the batch that the engine is measured on, a Llama of {@code heads * (dim / heads)} wide attention.
 *
 * @param name S, M, L, or the numbers themselves
 * @param length T, tokens of a sequence
 * @param batch B, sequences of a step
 */
public record BenchShape(
        String name, int dim, int layers, int heads, int kvHeads, int ffn, int vocab, int length, int batch) {
    private static final int LATENT_RANK = 96;
    private static final int NOPE_DIM = 32;
    private static final int ROPE_DIM = 32;

    private static final Map<String, BenchShape> NAMED = new TreeMap<>(Map.of(
            "S", new BenchShape("S", 256, 4, 8, 4, 768, 4096, 256, 4),
            "M", new BenchShape("M", 512, 4, 8, 4, 1536, 8192, 512, 4),
            "L", new BenchShape("L", 1024, 2, 16, 4, 2816, 32000, 1024, 1)));

    /**
     * Kinds of attention, and with it the loss: latent attention learns from a teacher's draws, grouped-query from
     * text.
     */
    public enum Model {
        MLA,
        GQA
    }

    /** S, M, L, or {@code d,layers,heads,kv heads,ffn,vocab,T,batch}. */
    public static BenchShape of(String text) {
        BenchShape named = NAMED.get(text.toUpperCase(Locale.ROOT));
        if (named != null) {
            return named;
        }
        try {
            int[] n = Arrays.stream(text.split(","))
                    .map(String::strip)
                    .mapToInt(Integer::parseInt)
                    .toArray();
            if (n.length == 8 && Arrays.stream(n).min().orElse(0) >= 1 && n[0] % n[2] == 0 && n[6] >= 2) {
                return new BenchShape(text, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
            }
        } catch (NumberFormatException e) {
            // said below, with what is expected
        }
        throw new ConfigException("--shape " + text + ": one of " + String.join(", ", NAMED.keySet())
                + ", or eight numbers d,layers,heads,kv heads,ffn,vocab,T,batch with heads a divisor of d");
    }

    /** The eight numbers that {@link #of} reads. */
    public String numbers() {
        return String.join(
                ",",
                IntStream.of(dim, layers, heads, kvHeads, ffn, vocab, length, batch)
                        .mapToObj(Integer::toString)
                        .toList());
    }

    public int headDim() {
        return dim / heads;
    }

    public int numTokens() {
        return length * batch;
    }

    /** The model, head apart from the embedding. */
    public ModelConfig config(Model model) {
        AttentionConfig attention = model == Model.GQA
                ? new AttentionConfig.Gqa(heads, kvHeads, headDim(), RopeScaling.NONE)
                : new AttentionConfig.Mla(
                        heads,
                        0,
                        LATENT_RANK,
                        NOPE_DIM,
                        ROPE_DIM,
                        headDim(),
                        false,
                        true,
                        RopeScaling.NONE,
                        AttentionConfig.softmaxScale(NOPE_DIM + ROPE_DIM));
        return new ModelConfig(
                dim, ffn, vocab, length, 1e-5, 1e4, false, -1, -1, Collections.nCopies(layers, attention));
    }

    /** Floating-point operations of a forward pass; see {@link Flops}. */
    public double forwardFlops(Model model) {
        return batch * Flops.forward(config(model), length);
    }

    /** Floating-point operations of a training step, with those of what it computes again. */
    public double trainingFlops(Model model, Recompute recompute) {
        return batch * Flops.training(config(model), length, recompute);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s (d %d, %d layers, %d heads, %d kv heads, ffn %d, vocabulary %d, T %d, batch %d)",
                name,
                dim,
                layers,
                heads,
                kvHeads,
                ffn,
                vocab,
                length,
                batch);
    }
}
