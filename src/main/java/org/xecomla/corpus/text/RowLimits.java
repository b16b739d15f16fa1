package org.xecomla.corpus.text;

import org.xecomla.config.CorpusConfig;

/**
 * What rows of a corpus may be.
 *
 * @param maxBytes of one at most: lines of any length would fill any memory
 * @param numBad rows that are passed over where they cannot be read as documents
 */
record RowLimits(int maxBytes, long numBad) {
    static final RowLimits DEFAULT = new RowLimits(1 << 26, 0);

    static RowLimits of(CorpusConfig corpus) {
        return new RowLimits(Math.toIntExact(corpus.maxRowSize()), corpus.skipBadRows());
    }
}
