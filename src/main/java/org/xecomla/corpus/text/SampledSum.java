package org.xecomla.corpus.text;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ParquetRows;
import org.xecomla.files.ParquetRows.RowGroup;

/**
 * About the sum of a number over all documents of one entry of the corpus, without reading it all: at places that
 * stand evenly in its bytes, documents are read and the number is taken for each raw byte (what a file is long, with
 * all that is no text, and compressed as it is). Lines are read at their place. A file that has to be read from its
 * start stands for all places in it, as does a row group of Parquet, whose number of rows is known.
 */
final class SampledSum {
    private static final int MAX_PLACES = 8;
    private static final int FILES_A_PLACE = 8;
    private static final long PLACE_BYTES = 1 << 20; // raw, of lines
    private static final long CONTENT_BYTES = 32 << 20; // of what is read from its start
    private static final long LOOKED_AT_CHARS = 1 << 19; // by size, of what is read

    private final List<Path> files;
    private final long[] ends; // of each file's raw bytes, all files in a row
    private final DocumentJson form;
    private final RowLimits limits;
    private final ToLongFunction<Document> size;
    private final int numPlaces;
    private final Map<Path, Double> wholes = new HashMap<>(); // for each raw byte
    private final Map<RowGroup, Double> groups = new HashMap<>();

    SampledSum(List<Path> files, DocumentJson form, RowLimits limits, ToLongFunction<Document> size) {
        this.files = files;
        this.form = form;
        this.limits = limits;
        this.size = size;
        this.ends = new long[files.size()];
        for (int i = 0; i < files.size(); i++) {
            ends[i] = (i == 0 ? 0 : ends[i - 1]) + DataFiles.length(files.get(i));
        }
        boolean isSmall = bytes() <= MAX_PLACES * PLACE_BYTES && files.size() <= FILES_A_PLACE;
        this.numPlaces = isSmall ? 1 : MAX_PLACES;
    }

    /** Raw bytes of all files. */
    long bytes() {
        return ends[ends.length - 1];
    }

    /** 0 where no document is found. */
    double value() {
        Mean mean = new Mean();
        for (int place = 0; place < numPlaces; place++) {
            long from = place * bytes() / numPlaces;
            long to = (place + 1) * bytes() / numPlaces;
            long width = numPlaces == 1 ? to : Math.min(to - from, PLACE_BYTES);
            Mean here = around(from + (to - from - width) / 2, width);
            if (here.weight > 0) {
                mean.add(here.value(), to - from);
            }
        }
        return bytes() * mean.value();
    }

    /** The number for each raw byte of [start, start + width). */
    private Mean around(long start, long width) {
        Mean mean = new Mean();
        int looked = 0;
        for (int i = 0; i < ends.length && looked < FILES_A_PLACE; i++) {
            long begin = i == 0 ? 0 : ends[i - 1];
            long from = Math.max(start, begin);
            long to = Math.min(start + width, ends[i]);
            if (from < to) {
                looked++;
                addPiece(files.get(i), from - begin, to - begin, mean);
            }
        }
        return mean;
    }

    private void addPiece(Path path, long from, long to, Mean mean) {
        RecordFile file = RecordFile.of(path);
        if (file.format() == CorpusFormat.PARQUET) {
            for (RowGroup group : ParquetRows.groups(path)) {
                long overlap = Math.min(to, group.end()) - Math.max(from, group.start());
                if (overlap > 0) {
                    mean.add(groups.computeIfAbsent(group, this::ofGroup), overlap);
                }
            }
        } else if (file.isSplittable()) {
            mean.add(ofLines(path, from, to), to - from);
        } else {
            mean.add(wholes.computeIfAbsent(path, key -> ofWhole(file)), to - from);
        }
    }

    /** Of the documents that begin in [from, to), or else the next; to the byte where the one after begins. */
    private double ofLines(Path path, long from, long to) {
        Covered covered = read(path, from, to, new Covered(numPlaces));
        long end = covered.next < 0 ? DataFiles.length(path) : covered.next;
        return covered.sum() / (end - covered.first);
    }

    /** Of the beginning of what is compressed, or an array. */
    private double ofWhole(RecordFile file) {
        int numSuch = Math.min(MAX_PLACES, files.size());
        long limit = CONTENT_BYTES / numSuch;
        RecordFile.Unpacked unpacked = file.unpack(limit);
        Covered covered = read(file.path(), 0, limit, new Covered(numSuch));
        if (covered.next >= 0) {
            return covered.sum() / (covered.next - covered.first) * unpacked.contents() / unpacked.raw();
        }
        return covered.sum() / DataFiles.length(file.path()); // all of it has been read
    }

    private double ofGroup(RowGroup group) {
        ThinnedSample sample = new ThinnedSample(LOOKED_AT_CHARS / numPlaces);
        long[] chars = new long[1];
        long[] rows = new long[1];
        BadRows bad = new BadRows(limits.numBad());
        long most = CONTENT_BYTES / MAX_PLACES;
        RecordReader.read(group.file(), group.from(), group.to(), limits.maxBytes(), (record, location) -> {
            rows[0]++;
            bad.read(() -> form.document(record.get(), location)).ifPresent(document -> {
                sample.add(document);
                chars[0] += document.text().length();
            });
            return chars[0] < most;
        });
        double perRow = rows[0] == 0 ? Double.NaN : sample.sum(size) / rows[0];
        return perRow * group.numRows() / (group.end() - group.start());
    }

    /** What has been read: documents from byte {@code first} of the contents up to {@code next}; -1: to the end. */
    private final class Covered {
        private final ThinnedSample sample;
        private long first = -1;
        private long next = -1;

        Covered(int numSuch) {
            this.sample = new ThinnedSample(LOOKED_AT_CHARS / numSuch);
        }

        /** Not a number where there is no document. */
        double sum() {
            return sample.numShown() == 0 ? Double.NaN : sample.sum(size);
        }
    }

    private Covered read(Path path, long from, long to, Covered covered) {
        BadRows bad = new BadRows(limits.numBad());
        RecordReader.read(path, from, Long.MAX_VALUE, limits.maxBytes(), (record, location) -> {
            long offset = location.offset();
            covered.first = covered.first < 0 ? (from == 0 ? 0 : offset) : covered.first;
            if (offset >= to && covered.sample.numShown() > 0) {
                covered.next = offset;
                return false;
            }
            bad.read(() -> form.document(record.get(), location)).ifPresent(covered.sample::add);
            return true;
        });
        return covered;
    }

    /** Of numbers that are known: what is not one does not count. */
    private static final class Mean {
        private double sum;
        private double weight;

        void add(double value, double ofWeight) {
            if (Double.isFinite(value)) {
                sum += value * ofWeight;
                weight += ofWeight;
            }
        }

        double value() {
            return weight == 0 ? 0 : sum / weight;
        }
    }
}
