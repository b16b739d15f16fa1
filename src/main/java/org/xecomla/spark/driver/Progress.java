package org.xecomla.spark.driver;

import java.io.Serializable;

/**
 * Where a training run stands.
 *
 * @param step steps done
 * @param numSteps that will be done
 * @param tokens tokens seen by all replicas together, earlier legs included
 * @param loss mean over the last round
 * @param millis since the leg began to train
 */
public record Progress(long step, long numSteps, long tokens, double loss, long millis) implements Serializable {}
