package org.xecomla.eval;

import java.util.Arrays;

/**
 * Interpolated modified Kneser-Ney over token ids (Chen and Goodman 1998, section 3): what local context alone
 * predicts, the yardstick for a model that is said to have learnt more.
 *
 * <p>P(w | h) = max(c(h w) - D(c(h w)), 0) / c(h .) + gamma(h) P(w | h without its first token); the highest order
 * counts occurrences, lower orders the distinct tokens seen to the left; below the unigrams lies the uniform
 * distribution. Each order has discounts for counts of one, two, and three or more, estimated from its counts of
 * counts.
 */
public final class NgramBaseline {
    /** Stands in where a corpus is too small for an estimate: Ney's customary absolute discount. */
    static final double FALLBACK_DISCOUNT = 0.75;

    private final NgramCounts grams;
    private final int vocabSize;
    private final long[] counts; // by node: occurrences at the highest order, left contexts below
    private final long[] totals; // by context node: sum of its children's counts
    private final double[] reserved; // by context node: sum of its children's discounts
    private final double[][] discounts; // [order][min(count, 3)]

    private NgramBaseline(NgramCounts grams, int vocabSize) {
        this.grams = grams;
        this.vocabSize = vocabSize;
        int numNodes = grams.numNodes();
        this.counts = new long[numNodes];
        this.totals = new long[numNodes];
        this.reserved = new double[numNodes];
        for (int node = 1; node < numNodes; node++) {
            if (grams.order(node) == grams.maxOrder()) {
                counts[node] += grams.count(node);
            }
            counts[grams.suffix(node)]++;
        }
        this.discounts = discounts();
        for (int node = 1; node < numNodes; node++) {
            totals[grams.parent(node)] += counts[node];
            reserved[grams.parent(node)] += discount(node);
        }
    }

    /**
     * @param order length of the n-grams, context included
     * @param streams token ids in [0, vocabSize); no n-gram reaches from one stream into the next
     */
    public static NgramBaseline train(int order, int vocabSize, Iterable<int[]> streams) {
        NgramCounts grams = new NgramCounts(order);
        for (int[] stream : streams) {
            grams.add(stream);
        }
        return new NgramBaseline(grams, vocabSize);
    }

    /** P(token | the last order - 1 tokens of context), or fewer where the context is shorter. */
    public double probability(int[] context, int token) {
        Reader reader = new Reader();
        for (int seen : context) {
            reader.read(seen);
        }
        return reader.probability(token);
    }

    /** exp of the mean of -log P over the shifted positions of every window; contexts do not leave the window. */
    public double perplexity(Iterable<int[]> windows) {
        double sum = 0;
        long numTokens = 0;
        for (int[] window : windows) {
            Reader reader = new Reader();
            reader.read(window[0]);
            for (int i = 1; i < window.length; i++) {
                sum -= Math.log(reader.probability(window[i]));
                reader.read(window[i]);
            }
            numTokens += window.length - 1;
        }
        return Math.exp(sum / numTokens);
    }

    /** The nodes of the last 0, 1, ... order - 1 tokens read. */
    private final class Reader {
        private final int[] contextOfLength = new int[grams.maxOrder()];

        Reader() {
            Arrays.fill(contextOfLength, NgramCounts.ABSENT);
            contextOfLength[0] = NgramCounts.ROOT;
        }

        void read(int token) {
            for (int n = contextOfLength.length - 1; n >= 1; n--) {
                int shorter = contextOfLength[n - 1];
                contextOfLength[n] = shorter == NgramCounts.ABSENT ? NgramCounts.ABSENT : grams.child(shorter, token);
            }
        }

        double probability(int token) {
            double p = 1.0 / vocabSize;
            for (int context : contextOfLength) {
                if (context == NgramCounts.ABSENT || totals[context] == 0) {
                    continue;
                }
                int node = grams.child(context, token);
                double kept = node == NgramCounts.ABSENT ? 0 : counts[node] - discount(node);
                p = (kept + reserved[context] * p) / totals[context];
            }
            return p;
        }
    }

    private double discount(int node) {
        return discounts[grams.order(node)][(int) Math.min(counts[node], 3)];
    }

    /** Chen and Goodman's estimate: Y = n1 / (n1 + 2 n2), Dk = k - (k + 1) Y n(k+1) / nk. */
    private double[][] discounts() {
        long[][] numWithCount = new long[grams.maxOrder() + 1][5];
        for (int node = 1; node < grams.numNodes(); node++) {
            if (counts[node] <= 4) {
                numWithCount[grams.order(node)][(int) counts[node]]++;
            }
        }
        double[][] estimates = new double[grams.maxOrder() + 1][4];
        for (int order = 1; order <= grams.maxOrder(); order++) {
            long[] n = numWithCount[order];
            double y = (double) n[1] / (n[1] + 2 * n[2]);
            boolean enough = n[1] > 0 && n[2] > 0 && n[3] > 0 && n[4] > 0;
            for (int k = 1; k <= 3; k++) {
                double estimate = k - (k + 1) * y * n[k + 1] / n[k];
                estimates[order][k] = enough && estimate > 0 ? estimate : FALLBACK_DISCOUNT;
            }
        }
        return estimates;
    }
}
