package org.xecomla.train;

import org.xecomla.corpus.TokenPair;
import org.xecomla.targets.LogProbabilities;

/** A preference, and what the reference model says of it. */
public record PreferenceSample(TokenPair pair, LogProbabilities reference) {}
