package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.xecomla.config.model.AttentionConfig;

/**
 * What the initialisation of a student kept of its base.
 *
 * @param layers one entry a layer, in order
 * @param notes what else is worth knowing, one line each
 */
public record InitReport(List<LayerReport> layers, List<String> notes) {
    private static final String HEADER = "layer  attention  KV rank  rope  nope  Q rank  KV share  KV energy  Q energy"
            + "  rope energy  norm error";

    public InitReport {
        layers = List.copyOf(layers);
        notes = List.copyOf(notes);
    }

    /** Cached elements per token over all layers as a share of the base's. */
    public double kvShare() {
        long kept = layers.stream().mapToLong(LayerReport::kvElements).sum();
        long base = layers.stream().mapToLong(LayerReport::baseKvElements).sum();
        return (double) kept / base;
    }

    /** The report as lines of text: a table of the layers, the sum, the notes. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(HEADER);
        layers.forEach(layer -> lines.add(line(layer)));
        long kept = layers.stream().mapToLong(LayerReport::kvElements).sum();
        long base = layers.stream().mapToLong(LayerReport::baseKvElements).sum();
        lines.add(String.format(
                Locale.ROOT, "all    %d of %d KV elements per token: %.1f %%", kept, base, 100 * kvShare()));
        lines.addAll(notes);
        return lines;
    }

    private static String line(LayerReport layer) {
        if (layer.attention() instanceof AttentionConfig.LowRankGqa lowRank) {
            return String.format(
                    Locale.ROOT,
                    "%5d  %-9s  %7s  %4s  %4s  %6s  %7.1f%%  %9s",
                    layer.layer(),
                    "low-rank",
                    lowRank.keyRank() + "+" + lowRank.valueRank(),
                    "",
                    "",
                    "full",
                    100 * layer.kvShare(),
                    percent(layer.kvEnergy()));
        }
        if (!(layer.attention() instanceof AttentionConfig.Mla latent)) {
            return String.format(
                    Locale.ROOT, "%5d  %-9s  %7s  %4s  %4s  %6s  %7.1f%%", layer.layer(), "gqa", "", "", "", "", 100.0);
        }
        return String.format(
                        Locale.ROOT,
                        "%5d  %-9s  %7d  %4d  %4d  %6s  %7.1f%%  %9s  %8s  %11s  %10s",
                        layer.layer(),
                        "mla",
                        latent.kvLoraRank(),
                        latent.qkRopeHeadDim(),
                        latent.qkNopeHeadDim(),
                        latent.qLoraRank() == 0 ? "full" : latent.qLoraRank(),
                        100 * layer.kvShare(),
                        percent(layer.kvEnergy()),
                        percent(layer.queryEnergy()),
                        percent(layer.ropeEnergy()),
                        percent(layer.normError()))
                .stripTrailing();
    }

    private static String percent(double share) {
        return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.2f%%", 100 * share);
    }
}
