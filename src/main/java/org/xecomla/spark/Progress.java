package org.xecomla.spark;

import java.io.Serializable;

/**
 * Where a training run stands.
 *
 * @param step steps done
 * @param tokens tokens seen by all replicas together, earlier legs included
 * @param loss mean over the last round
 * @param millis the replica's own clock, for rates between two of its reports
 */
record Progress(long step, long tokens, double loss, long millis) implements Serializable {}
