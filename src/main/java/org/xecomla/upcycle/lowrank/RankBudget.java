package org.xecomla.upcycle.lowrank;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.config.RankConfig;
import org.xecomla.config.RankConfig.CareRule;
import org.xecomla.config.RankConfig.Policy;
import org.xecomla.errors.ConfigException;

/**
 * A number of elements for the latents of all layers together, and who divides it.
 *
 * @param policy not fixed
 * @param rule of policy care
 * @param total elements over all latents
 * @param least of every latent
 * @param full rank of a latent, at most
 * @param numLatents of a layer: 2, of keys and of values, or 1, of both
 * @param numLayers that have them
 */
public record RankBudget(Policy policy, CareRule rule, int total, int least, int full, int numLatents, int numLayers)
        implements Serializable {
    /**
     * The budget that a configuration gives to {@code numLayers} layers.
     *
     * @throws ConfigException where it is below the least rank of every latent
     */
    public static RankBudget of(RankConfig config, int total, int full, int numLatents, int numLayers) {
        int mean = total / (numLatents * numLayers);
        int least = config.least().orElse(config.policy() == Policy.CARE ? Math.max(1, mean / 2) : 1);
        if ((long) numLatents * numLayers * least > total) {
            throw new ConfigException("upcycle.kv-budget leaves " + total + " elements for " + numLatents * numLayers
                    + " latents in " + numLayers + " layers, fewer than upcycle.rank-least = " + least
                    + " for each: raise the one or lower the other");
        }
        return new RankBudget(config.policy(), config.rule(), total, least, full, numLatents, numLayers);
    }

    /** Ranks of the latents of every layer, in the order of {@code layers}. */
    public List<List<Integer>> of(List<LayerSpectrum> layers) {
        int[] ranks = new int[numLatents * numLayers]; // latent i of layer l is l * numLatents + i
        switch (policy) {
            case GRADIENT ->
                ranks = RankAllocation.largest(
                        layers.stream()
                                .flatMap(layer -> layer.energies().stream())
                                .toList(),
                        total,
                        least);
            case LORC -> {
                int[] ofLayers = RankAllocation.lorc(accumulated(layers), full, total / numLatents, least);
                Arrays.setAll(ranks, at -> ofLayers[at / numLatents]);
            }
            case CARE -> {
                for (int i = 0; i < numLatents; i++) {
                    int latent = i;
                    int[] ofLayers = RankAllocation.care(
                            layers.stream()
                                    .map(layer -> layer.energies().get(latent))
                                    .toList(),
                            total / numLatents,
                            least,
                            2 * total / (numLatents * numLayers), // twice the mean, as its code
                            rule);
                    for (int l = 0; l < numLayers; l++) {
                        ranks[l * numLatents + i] = ofLayers[l];
                    }
                }
            }
            case FIXED -> throw new IllegalStateException("fixed ranks are known beforehand");
        }
        int[] found = ranks;
        return IntStream.range(0, numLayers)
                .mapToObj(l -> IntStream.range(l * numLatents, (l + 1) * numLatents)
                        .mapToObj(at -> found[at])
                        .toList())
                .toList();
    }

    /** Sums of the logarithms from each layer to the last. */
    private static List<Double> accumulated(List<LayerSpectrum> layers) {
        double[] sums = new double[layers.size()];
        double sum = 0;
        for (int l = sums.length - 1; l >= 0; l--) {
            sum += layers.get(l).logCondition();
            sums[l] = sum;
        }
        return Arrays.stream(sums).boxed().toList();
    }
}
