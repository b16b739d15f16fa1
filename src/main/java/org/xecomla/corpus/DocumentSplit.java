package org.xecomla.corpus;

import java.io.Serializable;

/**
 * The documents of a file whose lines begin in bytes [start, end): one task's share of the corpus. Splits in their order
 * are the corpus in its order, whatever their size.
 *
 * @param file location, as a string so that it crosses to other processes
 */
public record DocumentSplit(String file, long start, long end) implements Serializable {}
