package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Starts of method mha2mla from a real base, before any training, beside what PyTorch found on the same text. */
@Tag("shared")
class Mha2MlaStoriesTest {
    private static Stories stories;

    @BeforeAll
    static void open() {
        stories = new Stories();
    }

    @AfterAll
    static void close() {
        stories.close();
    }

    @ParameterizedTest
    @CsvSource({
        "2-norm, joint, 2, 0.25, 146.43, 3.636",
        "high, split, 2, 0.25, 108.63, 3.385",
        "2-norm, joint, 4, 0.5, 62.13, 2.764",
        "uniform, joint, 4, 0.5, 33.91, 2.155"
    })
    void startsAreThoseOfTheReference(
            String selection, String latent, int ropeDim, double budget, double perplexity, double kl) {
        Stories.Score score = stories.score(stories.student(Mha2MlaGoldenStartTest.config(
                "upcycle.kv-budget=" + budget,
                "upcycle.qk-rope-head-dim=" + ropeDim,
                "mha2mla.selection=" + selection,
                "mha2mla.latent=" + latent)));
        assertEquals(perplexity, score.perplexity(), 0.01 * perplexity);
        assertEquals(kl, score.kl(), 0.01 * kl);
    }
}
