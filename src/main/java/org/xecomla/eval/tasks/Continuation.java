package org.xecomla.eval.tasks;

import java.io.Serializable;

/**
 * A prompt in tokens.
 *
 * @param ids context and continuation, cut on the left where they are too long
 * @param numScored tokens of the continuation: the last of {@code ids}
 */
public record Continuation(int[] ids, int numScored) implements Serializable {}
