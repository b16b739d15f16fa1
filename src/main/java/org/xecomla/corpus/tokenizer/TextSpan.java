package org.xecomla.corpus.tokenizer;

/** Places [start, end) in a text, in Java's chars. */
public record TextSpan(int start, int end) {}
