package org.xecomla.corpus.shards;

import java.io.Serializable;

/**
 * What one part of a {@link TokenStream} holds.
 *
 * @param source of its split
 */
public record StreamPart(int part, int source, PartCounts counts) implements Serializable {
    public long numDocuments() {
        return counts.numKept();
    }

    public long numTokens() {
        return counts.numTokens();
    }
}
