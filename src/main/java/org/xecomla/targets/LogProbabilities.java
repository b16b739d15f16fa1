package org.xecomla.targets;

/**
 * What a model says of the two answers of a preference: log P(answer | prompt), summed over the answer's tokens, nats.
 */
public record LogProbabilities(double chosen, double rejected) {}
