package org.xecomla.upcycle.lowrank;

import org.xecomla.config.RankConfig;
import org.xecomla.upcycle.base.MethodPlan;

/**
 * What a layer with latents of keys and of values is made by.
 *
 * @param keyRank elements of the keys' latent; until ranks are found, the most that can come out
 * @param valueRank likewise of the values'
 */
public record LowRankPlan(RankConfig.Factors factors, RankConfig.Shrinkage shrinkage, int keyRank, int valueRank)
        implements MethodPlan {
    /** The same with ranks that were found. */
    public LowRankPlan withRanks(int ofKeys, int ofValues) {
        return new LowRankPlan(factors, shrinkage, ofKeys, ofValues);
    }
}
