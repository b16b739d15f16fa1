package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.tensor.Tensor;

/** Starts from a real pre-trained model, before any training. */
@Tag("shared")
class StoriesStartTest {
    private static final Map<List<String>, Stories.Score> SCORES = new HashMap<>();

    private static Stories stories;

    @BeforeAll
    static void open() {
        stories = new Stories();
    }

    @AfterAll
    static void close() {
        stories.close();
    }

    private static Stories.Score start(String... settings) {
        return SCORES.computeIfAbsent(List.of(settings), s -> stories.score(stories.student(settings)));
    }

    @Test
    void alignedStartsBelowThirtyAndTheNormCostsAtMostATenth() {
        Stories.Score free = start("kv-norm=false");
        Stories.Score normed = start("kv-norm=true");
        assertTrue(free.perplexity() < 30, "without norm " + free);
        assertTrue(normed.perplexity() < 1.1 * free.perplexity(), free + " without norm, with norm " + normed);
    }

    /**
     * KL to the base before any training, by method: the phased start keeps far more, and its servable form nearly as
     * much.
     */
    @Test
    void phasedStartsNearerThanAlignedAtEveryBudget() {
        for (String budget : List.of("0.5", "0.25")) {
            double aligned = start("kv-budget=" + budget).kl();
            double servable = start("method=phased", "kv-budget=" + budget).kl();
            double own = start("method=phased", "rope-slots=own", "kv-budget=" + budget)
                    .kl();
            System.out.printf("KV %s: aligned %.4f, phased servable %.4f, own %.4f%n", budget, aligned, servable, own);
            assertTrue(servable < 0.95 * aligned, "servable " + servable + ", aligned " + aligned);
            assertTrue(own < 0.95 * aligned, "own " + own + ", aligned " + aligned);
        }
    }

    /** The table of the method's description: perplexities that PyTorch measured with its own calibration. */
    @Test
    void startsAreThoseOfTheReference() {
        assertEquals(24.6, start("kv-norm=false").perplexity(), 0.5);
        assertEquals(26.3, start("kv-norm=true").perplexity(), 0.5);
        assertEquals(6.4, start("kv-norm=false", "kv-lora-rank=56").perplexity(), 0.1);
        assertEquals(
                78.6,
                start("kv-norm=false", "qk-rope-head-dim=4", "kv-lora-rank=12").perplexity(),
                2);
        String[] official = {"profile=paper", "qk-rope-head-dim=8", "qk-nope-head-dim=8", "q-lora-rank=64", ""};
        official[4] = "kv-lora-rank=8";
        assertEquals(227.7, start(official).perplexity(), 2);
        official[4] = "kv-lora-rank=56";
        assertEquals(117.4, start(official).perplexity(), 2);
    }

    @Test
    void alignedStartsNearerThanXEcoMlaAndThatNearerThanRandomWeights() {
        Stories.Score aligned = start("kv-norm=false");
        Stories.Score svd = start("profile=paper", "kv-lora-rank=12", "q-lora-rank=64");
        Student random = stories.student("profile=paper", "kv-lora-rank=12", "q-lora-rank=64");
        Random generator = new Random(1);
        for (String name : random.weights().layout().places().keySet()) {
            if (name.contains("_a_proj") || name.contains("_b_proj")) {
                Tensor weight = random.weights().get(name);
                double bound = 1 / Math.sqrt(weight.cols()); // PyTorch's default of a linear layer
                weight.write(generator.doubles(weight.length(), -bound, bound).toArray());
            }
        }
        double randomKl = stories.score(random).kl();
        assertTrue(aligned.kl() < 0.6 * svd.kl(), aligned + " against " + svd);
        assertTrue(svd.kl() < randomKl, svd + " against " + randomKl);
    }

    @Test
    void layersThatStayAreTheBases() {
        Student hybrid = stories.student("layers=[1, 3]", "kv-norm=false");
        assertEquals(3 * 64 + 2 * 16, hybrid.config().kvElementsPerToken());
        assertEquals(
                List.of(false, true, false, true, false),
                hybrid.report().layers().stream()
                        .map(layer -> layer.attention() instanceof AttentionConfig.Mla)
                        .toList());
        assertTrue(stories.score(hybrid).kl() < start("kv-norm=false").kl());
    }
}
