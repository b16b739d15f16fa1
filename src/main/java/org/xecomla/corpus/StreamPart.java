package org.xecomla.corpus;

import java.io.Serializable;

/** What one part of a {@link TokenStream} holds. */
public record StreamPart(int part, long numDocuments, long numTokens) implements Serializable {}
