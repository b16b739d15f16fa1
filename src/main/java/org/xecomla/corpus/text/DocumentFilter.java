package org.xecomla.corpus.text;

import java.util.Arrays;
import org.xecomla.tensor.CounterRandom;

/**
 * Which documents of a split become tokens.
 *
 * @param seed of the draws
 * @param split the documents' place
 * @param share of the documents that is drawn, from 0 to 1
 * @param duplicates sorted offsets ({@link DocumentLocation#offset}) of the documents whose text came before
 * @param benchmarks the tasks' n-grams, of which none may occur
 */
public record DocumentFilter(long seed, DocumentSplit split, double share, long[] duplicates, NgramSet benchmarks) {
    /** Keeps everything. */
    public static DocumentFilter none(DocumentSplit split) {
        return new DocumentFilter(0, split, 1, new long[0], NgramSet.NONE);
    }

    public Verdict of(Document document) {
        if (!isDrawn(document.location())) {
            return Verdict.NOT_DRAWN;
        }
        if (Arrays.binarySearch(duplicates, document.location().offset()) >= 0) {
            return Verdict.DUPLICATE;
        }
        return benchmarks.overlaps(document.text()) ? Verdict.IN_BENCHMARK : Verdict.KEPT;
    }

    /**
     * The same answer for the same document in every task, and wherever its file lies: a corpus that is copied to
     * another store is drawn from as it was before.
     */
    public boolean isDrawn(DocumentLocation location) {
        if (share >= 1) {
            return true;
        }
        String name = split.file().substring(split.file().lastIndexOf('/') + 1);
        return CounterRandom.uniform(CounterRandom.key(seed, split.source(), name.hashCode()), location.offset())
                < share;
    }
}
