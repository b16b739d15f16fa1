package org.xecomla.corpus.text;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/** Every n-th of the documents that it is shown, n a power of two such that few enough chars are kept. */
final class ThinnedSample {
    private final long maxChars;
    private List<Document> kept = new ArrayList<>();
    private long keptChars;
    private long shownChars;
    private long numShown;
    private long stride = 1;

    /** @param maxChars that are kept, but for a single document that has more */
    ThinnedSample(long maxChars) {
        this.maxChars = maxChars;
    }

    void add(Document document) {
        shownChars += chars(document);
        if (numShown++ % stride != 0) {
            return;
        }
        kept.add(document);
        keptChars += chars(document);
        while (keptChars > maxChars && kept.size() > 1) {
            thin();
        }
    }

    private void thin() {
        List<Document> half = new ArrayList<>();
        for (int i = 0; i < kept.size(); i += 2) {
            half.add(kept.get(i));
        }
        kept = half;
        keptChars = half.stream().mapToLong(ThinnedSample::chars).sum();
        stride *= 2;
    }

    /** One more than those of the text: an empty one has a size too. */
    private static long chars(Document document) {
        return document.text().length() + 1L;
    }

    long numShown() {
        return numShown;
    }

    /** About the sum of {@code size} over all documents shown: that of the kept ones for each of their chars. */
    double sum(ToLongFunction<Document> size) {
        long ofKept = kept.stream().mapToLong(size).sum();
        return numShown == 0 ? 0 : (double) ofKept * shownChars / keptChars;
    }
}
