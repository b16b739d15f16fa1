package org.xecomla.corpus;

/** One text of the corpus and where it came from. */
public record Document(String text, DocumentLocation location) {}
