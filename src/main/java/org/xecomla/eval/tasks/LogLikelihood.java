package org.xecomla.eval.tasks;

import java.io.Serializable;

/**
 * What a model says of a continuation.
 *
 * @param sum log P of its tokens, in nats
 * @param greedy whether each of them was the most probable
 */
public record LogLikelihood(double sum, boolean greedy) implements Serializable {}
