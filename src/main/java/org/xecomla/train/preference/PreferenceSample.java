package org.xecomla.train.preference;

import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.targets.LogProbabilities;

/** A preference, and what the reference model says of it. */
public record PreferenceSample(TokenPair pair, LogProbabilities reference) {}
