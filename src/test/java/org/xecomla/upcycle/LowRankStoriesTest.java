package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.config.model.AttentionConfig;

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
        check("method=lowrank kv-budget=" + budget + " " + settings, perplexity, kl);
    }

    /** Weighed by gradients over the first 3,072 tokens; ranks are compared too where they were chosen. */
    @ParameterizedTest
    @CsvSource({
        "method=lowrank kv-budget=0.25 factors=gradient, 9.942, 0.8894, ''",
        "method=lowrank kv-budget=0.25 rank-policy=gradient, 7.528, 0.5830, 3+7 5+15 6+9 4+10 8+13",
        "method=lowrank kv-budget=0.5 factors=gradient, 4.990, 0.1534, ''",
        "method=lowrank kv-budget=0.5 rank-policy=gradient, 4.698, 0.0844, 7+17 12+25 12+19 10+20 13+25",
        "method=lowrank kv-budget=0.125 rank-policy=gradient, 18.210, 1.5176, 2+4 3+7 3+4 3+4 6+4",
        "method=aligned kv-budget=0.25 factors=gradient, 19.566, 1.5788, ''",
        "method=aligned kv-budget=0.25 rank-policy=gradient, 16.385, 1.3872, 7 18 5 6 4",
        "method=aligned kv-budget=0.5 factors=gradient, 7.041, 0.5113, ''",
        "method=aligned kv-budget=0.5 rank-policy=gradient, 7.166, 0.5280, 21 35 21 23 20"
    })
    void startsByGradientsAreThoseOfTheReference(String settings, double perplexity, double kl, String ranks) {
        // The reference takes the inputs' moment of method lowrank from the same tokens.
        String text = settings.startsWith("method=lowrank") ? " calibration-tokens=3072" : " gradient-tokens=3072";
        String found = check(settings + text, perplexity, kl);
        if (!ranks.isEmpty()) {
            assertEquals(ranks, found);
        }
    }

    /** Returns the ranks of all layers. */
    private static String check(String settings, double perplexity, double kl) {
        Student student = stories.student(settings.split(" "));
        String ranks = student.config().attention().stream()
                .map(layer -> layer instanceof AttentionConfig.LowRankGqa lowRank
                        ? lowRank.keyRank() + "+" + lowRank.valueRank()
                        : Integer.toString(((AttentionConfig.Mla) layer).kvLoraRank()))
                .collect(Collectors.joining(" "));
        Stories.Score score = stories.score(student);
        assertEquals(perplexity, score.perplexity(), 0.01 * perplexity);
        assertEquals(kl, score.kl(), 0.01 * kl);
        return ranks;
    }
}
