package org.xecomla.upcycle.lowrank;

import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.config.RankConfig.CareRule;
import org.xecomla.config.RankConfig.Policy;
import org.xecomla.errors.ConfigException;

/**
 * A number of cached elements for all layers together, and who divides it.
 *
 * @param policy not fixed
 * @param rule of policy care
 * @param total elements of keys and values over all layers
 * @param least of every latent
 * @param full rank of the keys of a layer, and of its values, at most
 */
public record RankBudget(Policy policy, CareRule rule, int total, int least, int full) implements Serializable {
    /** Ranks of one layer. */
    public record Ranks(int ofKeys, int ofValues) implements Serializable {}

    /**
     * @throws ConfigException where the budget is below the least rank of every latent
     */
    public void requireRoom(int numLayers) {
        if (2L * numLayers * least > total) {
            throw new ConfigException("upcycle.kv-budget leaves " + total + " elements for the latents of " + numLayers
                    + " layers, fewer than upcycle.rank-least = " + least
                    + " for keys and for values of each: raise the"
                    + " one or lower the other");
        }
    }

    /** The most that the keys of one layer can get, and its values. */
    public Ranks largest(int numLayers) {
        int others = 2 * numLayers - 1;
        int most = policy == Policy.CARE ? mostOfCare(numLayers) : total - others * least;
        return new Ranks(Math.min(full, most), Math.min(full, most));
    }

    /** Ranks of all layers, in their order. */
    public List<Ranks> of(List<LayerSpectrum> layers) {
        return switch (policy) {
            case LORC -> {
                int[] ranks = RankAllocation.lorc(accumulated(layers), full, total, least);
                yield IntStream.of(ranks).mapToObj(r -> new Ranks(r, r)).toList();
            }
            case CARE -> {
                int most = mostOfCare(layers.size());
                List<double[]> ofKeys = layers.stream().map(LayerSpectrum::keys).toList();
                List<double[]> ofValues =
                        layers.stream().map(LayerSpectrum::values).toList();
                int[] keys = RankAllocation.care(ofKeys, total / 2, least, most, rule);
                int[] values = RankAllocation.care(ofValues, total / 2, least, most, rule);
                yield IntStream.range(0, keys.length)
                        .mapToObj(l -> new Ranks(keys[l], values[l]))
                        .toList();
            }
            case FIXED -> throw new IllegalStateException("fixed ranks are known beforehand");
        };
    }

    /** Twice the mean rank, as in CARE's code. */
    private int mostOfCare(int numLayers) {
        return Math.max(least, total / numLayers);
    }

    /** Sums of the logarithms from each layer to the last. */
    private static List<Double> accumulated(List<LayerSpectrum> layers) {
        double[] sums = new double[layers.size()];
        double sum = 0;
        for (int l = sums.length - 1; l >= 0; l--) {
            sum += layers.get(l).logCondition();
            sums[l] = sum;
        }
        return IntStream.range(0, sums.length).mapToObj(l -> sums[l]).toList();
    }
}
