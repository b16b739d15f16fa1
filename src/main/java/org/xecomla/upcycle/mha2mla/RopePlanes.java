package org.xecomla.upcycle.mha2mla;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.config.Mha2MlaConfig.Selection;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;

/**
 * The rotary planes that every key head keeps (MHA2MLA, arXiv 2502.14837); plane p of a head of E dimensions is its
 * dimensions p and p + E/2.
 *
 * <p>Legend: D inputs, H query heads, K key heads, E head dimension.
 *
 * @param ofHeads a key head each, ascending
 */
public record RopePlanes(List<List<Integer>> ofHeads) {
    public RopePlanes {
        ofHeads = ofHeads.stream().map(List::copyOf).toList();
    }

    /**
     * @param activations of the layer's inputs; null where the selection is not by norms
     */
    public static RopePlanes of(Mha2MlaPlan plan, BaseAttention base, LayerActivations activations) {
        int numAll = base.shape().headDim() / 2;
        int m = plan.numPlanes();
        double[][] scores = plan.settings().selection() == Selection.NORM ? scores(base, activations) : null;
        return new RopePlanes(IntStream.range(0, base.shape().numKvHeads())
                .mapToObj(head -> switch (plan.settings().selection()) {
                    case NORM -> largest(scores[head], m);
                    case HIGH -> IntStream.range(0, m).boxed().toList();
                    case LOW -> IntStream.range(numAll - m, numAll).boxed().toList();
                    case UNIFORM ->
                        IntStream.range(0, m)
                                .map(i -> plan.settings().uniformStart() + i * (numAll / m))
                                .boxed()
                                .toList();
                })
                .toList());
    }

    /** Of equal scores the lower plane. */
    private static List<Integer> largest(double[] scores, int m) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer p) -> scores[p]).reversed())
                .limit(m)
                .sorted()
                .toList();
    }

    /** Mean length of a key in a plane times the sum of those of the queries that see it: [key head][plane]. */
    public static double[][] scores(BaseAttention base, LayerActivations activations) {
        int group = base.groupSize();
        double[][] ofQueries = meanLengths(base.query(), base, activations); // [H][E/2]
        double[][] scores = meanLengths(base.key(), base, activations); // [K][E/2]
        for (int head = 0; head < scores.length; head++) {
            for (int p = 0; p < scores[head].length; p++) {
                double sum = 0;
                for (int i = 0; i < group; i++) {
                    sum += ofQueries[head * group + i][p];
                }
                scores[head][p] *= sum;
            }
        }
        return scores;
    }

    private static double[][] meanLengths(Matrix weight, BaseAttention base, LayerActivations activations) {
        int e = base.shape().headDim();
        Matrix outputs = activations.sample().timesTranspose(weight); // (numSamples, heads*E)
        double[][] lengths = new double[weight.rows() / e][e / 2];
        for (int head = 0; head < lengths.length; head++) {
            for (int p = 0; p < e / 2; p++) {
                double sum = 0;
                for (int n = 0; n < outputs.rows(); n++) {
                    sum += Math.hypot(outputs.get(n, head * e + p), outputs.get(n, head * e + p + e / 2));
                }
                lengths[head][p] = sum / outputs.rows();
            }
        }
        return lengths;
    }

    /** The first dimensions of the planes of key head {@code head}. */
    public int[] firsts(int head) {
        return ofHeads.get(head).stream().mapToInt(p -> p).toArray();
    }

    /** The dimensions of key head {@code head} that are in none of its planes, ascending. */
    public int[] unrotated(int head, int headDim) {
        return IntStream.range(0, headDim)
                .filter(i -> !ofHeads.get(head).contains(i % (headDim / 2)))
                .toArray();
    }
}
