package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Starts of method lowrank from a real base, before any training, beside what PyTorch found on the same text. */
@Tag("shared")
class LowRankStoriesTest {
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
        "0.25, factors=weight, 23.593, 1.7841",
        "0.25, factors=weight rank-policy=lorc, 14.059, 1.2318",
        "0.5, factors=weight, 6.636, 0.4425",
        "0.5, factors=weight rank-policy=lorc, 7.140, 0.5488",
        "0.25, factors=covariance, 12.669, 1.1357",
        "0.25, factors=covariance shrinkage=paper, 12.585, 1.1241",
        "0.25, factors=covariance rank-policy=care, 11.735, 1.0414",
        "0.25, factors=covariance shrinkage=paper rank-policy=care rank-rule=paper, 14.747, 1.3058",
        "0.25, factors=covariance shrinkage=none rank-policy=lorc, 9.814, 0.8755",
        "0.5, factors=covariance, 5.398, 0.2331",
        "0.5, factors=covariance rank-policy=care, 6.031, 0.3667",
        "0.5, factors=covariance shrinkage=paper rank-policy=care rank-rule=paper, 6.848, 0.4795",
        "0.5, factors=covariance shrinkage=none rank-policy=lorc, 6.144, 0.4003"
    })
    void startsAreThoseOfTheReference(double budget, String settings, double perplexity, double kl) {
        Stories.Score score = stories.score(stories.student(
                Stream.concat(Stream.of("method=lowrank", "kv-budget=" + budget), Stream.of(settings.split(" ")))
                        .toArray(String[]::new)));
        assertEquals(perplexity, score.perplexity(), 0.01 * perplexity);
        assertEquals(kl, score.kl(), 0.01 * kl);
    }
}
