package org.xecomla.upcycle.mha2mla;

import org.xecomla.config.Mha2MlaConfig;
import org.xecomla.upcycle.base.MethodPlan;

/**
 * What a layer of method mha2mla is made by.
 *
 * @param numPlanes that stay rotated, of every key head
 * @param keyRank elements of the keys' latent; 0: one latent of keys and values together
 * @param rank elements of the latent or of both together
 */
public record Mha2MlaPlan(Mha2MlaConfig settings, int numPlanes, int keyRank, int rank) implements MethodPlan {}
