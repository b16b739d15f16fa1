package org.xecomla.corpus;

/** Places [start, end) in a text, in Java's chars. */
record TextSpan(int start, int end) {}
