package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.train.StoriesRecipe.Score;

/**
 * What the phased start and small steps reach on a real model after some 80 thousand tokens, at a quarter of its cache.
 */
@Tag("shared")
class FewTokensTest {
    private static final int TEST_WINDOWS = 60;
    private static final String TOKENS = "distill.tokens=79872";
    private static final List<String> SMALL_STEPS = List.of(
            "distill.recipe=few-tokens",
            "distill.batch-sequences=2",
            "distill.micro-batch-sequences=2",
            "distill.learning-rate=1.5e-3",
            "distill.min-learning-rate=1.5e-4",
            "distill.warmup-steps=10");

    @TempDir
    Path temporary;

    @Test
    void aTenthOfTheTokensGoesFurther() throws Exception {
        List<String> phased = new ArrayList<>(SMALL_STEPS);
        phased.add("upcycle.method=phased");
        phased.add("upcycle.kv-budget=0.25");
        for (String seed : List.of("1", "2")) {
            Score score = distil(phased, "run.seed=" + seed);
            System.out.printf(
                    "phased, small steps, seed %s: KL %.4f, perplexity %.3f%n", seed, score.kl(), score.perplexity());
            assertTrue(score.kl() <= 0.26, "seed " + seed + ": " + score);
        }
    }

    private Score distil(List<String> settings, String more) throws Exception {
        List<String> all = new ArrayList<>(settings);
        all.add(TOKENS);
        all.add(more);
        try (StoriesExperiment stories = StoriesExperiment.onLastWindows(temporary, TEST_WINDOWS)) {
            return stories.distil(StoriesRecipe.config(all.toArray(String[]::new)), 1);
        }
    }
}
