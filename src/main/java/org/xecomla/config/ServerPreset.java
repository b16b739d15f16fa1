package org.xecomla.config;

import java.util.List;
import java.util.Locale;
import org.xecomla.config.UpcycleConfig.Method;
import org.xecomla.config.UpcycleConfig.Preset;
import org.xecomla.config.UpcycleConfig.RopeChoice;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.errors.ConfigException;

/**
 * Rank and rope key that a server has fast kernels for, as its sources of 2026 say: llama.cpp's CUDA and Metal 128, 256
 * and 512 beside 64, vLLM's MLA 320 and 576 together, SGLang's kernels but Triton's 576.
 *
 * @param config what was asked for
 * @param rank 0: free
 * @param budget elements a token and layer that kv-budget leaves to latent and rope key
 * @param ofBase elements of the base's cache, a token and layer
 */
public record ServerPreset(UpcycleConfig config, int rank, int budget, int ofBase) {
    private static final int ROPE_DIM = 64;

    /**
     * @param base a layer that becomes latent
     * @throws ConfigException where another key decides what the preset does, or no shape is smaller than the base's
     */
    public static ServerPreset of(UpcycleConfig config, AttentionConfig.Gqa base) {
        Preset preset = config.preset().orElseThrow();
        int ofBase = base.kvElementsPerToken();
        int budget = (int) Math.round(config.kvBudget() * ofBase);
        if (preset == Preset.TRANSFORMERS) {
            return new ServerPreset(config, 0, budget, ofBase);
        }
        requireFree(config);
        List<Integer> ranks = ranks(preset);
        int rank = ranks.stream()
                .filter(r -> r + ROPE_DIM <= budget)
                .reduce((smaller, larger) -> larger)
                .orElse(ranks.get(0));
        if (rank + ROPE_DIM >= ofBase || base.headDim() % ROPE_DIM != 0) {
            throw new ConfigException(key(config) + " has fast kernels for " + rank + " + " + ROPE_DIM
                    + " elements at least, and the base caches " + ofBase + " with heads of "
                    + base.headDim()
                    + ": leave the preset out");
        }
        return new ServerPreset(config, rank, budget, ofBase);
    }

    private static List<Integer> ranks(Preset preset) {
        return switch (preset) {
            case LLAMA_CPP -> List.of(128, 256, 512);
            case VLLM -> List.of(256, 512);
            case SGLANG -> List.of(512);
            case TRANSFORMERS -> List.of();
        };
    }

    private static void requireFree(UpcycleConfig config) {
        boolean oneShape = config.method() == Method.ALIGNED || config.method() == Method.XECOMLA;
        if (!oneShape) {
            throw new ConfigException(key(config)
                    + " is for methods aligned and xecomla, whose latents are of one shape" + " that can be chosen");
        }
        boolean decided = config.kvLoraRank().isPresent()
                || config.qkRopeHeadDim().isPresent()
                || config.kvEnergy().isPresent()
                || config.ranks().policy() != RankConfig.Policy.FIXED;
        if (decided) {
            throw new ConfigException(
                    key(config) + " chooses upcycle.kv-lora-rank and upcycle.qk-rope-head-dim, the same"
                            + " for all layers: leave these, kv-energy and rank-policy out");
        }
    }

    private static String key(UpcycleConfig config) {
        return "upcycle.preset = " + name(config.preset().orElseThrow());
    }

    private static String name(Preset preset) {
        return preset.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The configuration with what the preset chooses, and without it. */
    public UpcycleConfig applied() {
        if (rank == 0) {
            return config.withoutPreset();
        }
        boolean fixed = config.preset().orElseThrow() == Preset.LLAMA_CPP && config.ropeScaling() == RopeChoice.YARN;
        return config.with(rank, ROPE_DIM, fixed ? RopeChoice.FIXED_YARN : config.ropeScaling());
    }

    /** What it costs against free choice. */
    public String note() {
        String name = name(config.preset().orElseThrow());
        if (rank == 0) {
            return "preset " + name + ": computes every shape alike, so the budget decides";
        }
        int width = rank + ROPE_DIM;
        return String.format(
                Locale.ROOT,
                "preset %s: a latent of %d and a rope key of %d, %d of the base's %,d elements (%.1f %%); free choice"
                        + " at kv-budget %.1f %% would have %d, %d %s",
                name,
                rank,
                ROPE_DIM,
                width,
                ofBase,
                100.0 * width / ofBase,
                100 * config.kvBudget(),
                budget,
                Math.abs(budget - width),
                budget >= width ? "more" : "fewer");
    }
}
