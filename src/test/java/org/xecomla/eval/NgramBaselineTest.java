package org.xecomla.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NgramBaselineTest {
    private static final double EXACT = 1e-12;

    /**
     * Stream 0 1 0 2 0 1, order 2, vocabulary 4. Too little for an estimate, so that all discounts are 0.75.
     *
     * <p>Left contexts: of 0 {1, 2}, of 1 {0}, of 2 {0}; together 4, three kinds. P(1) = (1 - 0.75) / 4 + 3 * 0.75 / 4
     * * 1/4 = 0.0625 + 0.140625; P(1 | 0) = (2 - 0.75) / 3 + 2 * 0.75 / 3 * P(1).
     */
    @Test
    void bigramsByHand() {
        NgramBaseline model = NgramBaseline.train(2, 4, List.of(new int[] {0, 1, 0, 2, 0, 1}));
        double unigram = 0.25 / 4 + 2.25 / 4 / 4;
        assertEquals(unigram, model.probability(new int[0], 1), EXACT);
        assertEquals(1.25 / 3 + 1.5 / 3 * unigram, model.probability(new int[] {0}, 1), EXACT);
        double unseen = 2.25 / 4 / 4;
        assertEquals(1.5 / 3 * unseen, model.probability(new int[] {0}, 3), EXACT);
        assertEquals(unigram, model.probability(new int[] {3}, 1), EXACT);
    }

    /**
     * Unigrams of counts one (3 tokens), two (2), three (1), four (1), five (1): Y = 3/7, D1 = 1 - 2 Y 2/3 = 3/7,
     * D2 = 2 - 3 Y 1/2 = 19/14, D3 = 3 - 4 Y 1/1 = 9/7.
     */
    @Test
    void discountsByHand() {
        int[] stream = {0, 1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7};
        NgramBaseline model = NgramBaseline.train(1, 10, List.of(stream));
        double reserved = (3 * 3 / 7.0 + 2 * 19 / 14.0 + 3 * 9 / 7.0) / 19;
        assertEquals((1 - 3 / 7.0) / 19 + reserved / 10, model.probability(new int[0], 0), EXACT);
        assertEquals((2 - 19 / 14.0) / 19 + reserved / 10, model.probability(new int[0], 3), EXACT);
        assertEquals((5 - 9 / 7.0) / 19 + reserved / 10, model.probability(new int[0], 7), EXACT);
        assertEquals(reserved / 10, model.probability(new int[0], 9), EXACT);
    }

    @Test
    void probabilitiesSumToOneInEveryContext() {
        int vocabSize = 7;
        SplittableRandom random = new SplittableRandom(3);
        int[] stream =
                random.ints(400, 0, vocabSize - 1).map(i -> i * i % vocabSize).toArray();
        NgramBaseline model = NgramBaseline.train(5, vocabSize, List.of(stream, new int[] {1, 2, 4}));
        for (int[] context : List.of(new int[0], new int[] {6}, new int[] {1, 2}, new int[] {0, 1, 4, 2, 2, 1})) {
            double sum = 0;
            for (int token = 0; token < vocabSize; token++) {
                sum += model.probability(context, token);
            }
            assertEquals(1, sum, EXACT);
        }
    }

    @Test
    void perplexityIsOverTheShiftedPositionsOfEachWindow() {
        NgramBaseline model = NgramBaseline.train(2, 4, List.of(new int[] {0, 1, 0, 2, 0, 1}));
        double nats = -Math.log(model.probability(new int[] {0}, 1))
                - Math.log(model.probability(new int[] {1}, 0))
                - Math.log(model.probability(new int[] {2}, 3))
                - Math.log(model.probability(new int[] {3}, 0));
        assertEquals(Math.exp(nats / 4), model.perplexity(List.of(new int[] {0, 1, 0}, new int[] {2, 3, 0})), EXACT);
    }

    /** In a cycle of five tokens a trigram knows all, and text it has not seen is as if drawn from the vocabulary. */
    @Test
    void knowsWhatItHasSeen() {
        int[] cycle = new int[5000];
        for (int i = 0; i < cycle.length; i++) {
            cycle[i] = i % 5;
        }
        NgramBaseline model = NgramBaseline.train(3, 100, List.of(cycle));
        assertTrue(model.perplexity(List.of(Arrays.copyOf(cycle, 500))) < 1.01);
        assertTrue(model.perplexity(List.of(new int[] {90, 91, 92, 93})) > 100);
    }
}
