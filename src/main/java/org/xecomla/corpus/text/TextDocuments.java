package org.xecomla.corpus.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.CorpusConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * The documents of the corpus's files: JSON lines, a JSON array, Parquet or plain text, perhaps compressed. Files in
 * the given order (those of a directory by name), documents in theirs; blank lines are passed over.
 */
public final class TextDocuments {
    public static final String DEFAULT_KEY = "text";

    /** One entry of the list: a file, or a directory with its files. */
    private record Source(CorpusFiles of, DocumentJson form, double weight) {
        List<Path> files() {
            return of.files();
        }
    }

    private final List<Source> sources;
    private final RowLimits limits;

    private TextDocuments(List<Source> sources, RowLimits limits) {
        this.sources = List.copyOf(sources);
        this.limits = limits;
    }

    /** The documents of {@code files}, their text under {@link #DEFAULT_KEY}. */
    public static TextDocuments of(List<Path> files) {
        return of(files, DEFAULT_KEY);
    }

    /** The documents of {@code files}, each once, plain text under {@code key}. */
    public static TextDocuments of(List<Path> files, String key) {
        return of(files, file -> key, List.of(), RowLimits.DEFAULT);
    }

    /** The documents of {@code files}, each once, plain text under the keys that the configuration says. */
    public static TextDocuments of(List<String> files, CorpusConfig corpus) {
        return of(files, corpus, List.of());
    }

    /** The same with weights, see {@link #splits}; none: each once. */
    public static TextDocuments of(List<String> files, CorpusConfig corpus, List<Double> weights) {
        Map<Path, String> keys = new HashMap<>();
        files.forEach(file -> keys.put(DataFiles.path(file), corpus.textKeyOf(file)));
        return of(files.stream().map(DataFiles::path).toList(), keys::get, weights, RowLimits.of(corpus));
    }

    /**
     * The documents of {@code files}, of the files below directories and of those that patterns among them match.
     *
     * @param keys of plain text, for each entry
     * @param weights how often each entry's documents are taken, see {@link #splits}; none: each once
     * @throws UserException where a file is missing
     */
    static TextDocuments of(List<Path> files, Function<Path, String> keys, List<Double> weights, RowLimits limits) {
        if (files.isEmpty()) {
            throw new UserException("no corpus file is given");
        }
        List<Source> sources = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            DocumentJson form = new DocumentJson(keys.apply(files.get(i)));
            sources.add(new Source(CorpusFiles.of(files.get(i)), form, weights.isEmpty() ? 1 : weights.get(i)));
        }
        return new TextDocuments(sources, limits);
    }

    /** Files beside the documents that only explain, which are not read. */
    public List<Path> passedOver() {
        return sources.stream()
                .flatMap(source -> source.of().passedOver().stream())
                .toList();
    }

    private List<Path> files() {
        return sources.stream().flatMap(source -> source.files().stream()).toList();
    }

    /**
     * Shows every document to {@code visitor}, in order, each once, until it answers false.
     *
     * @throws UserException naming file and line, where a line is not JSON or has no text; where there is no document
     *     at all
     */
    public void read(Predicate<Document> visitor) {
        long[] numSeen = new long[1];
        boolean[] stopped = new boolean[1];
        BadRows bad = new BadRows(limits.numBad());
        for (Source source : sources) {
            for (Path file : source.files()) {
                if (!stopped[0]) {
                    read(file, 0, Long.MAX_VALUE, source.form(), bad, document -> {
                        numSeen[0]++;
                        stopped[0] = !visitor.test(document);
                        return !stopped[0];
                    });
                }
            }
        }
        if (numSeen[0] == 0) {
            throw new UserException("the corpus is empty: no document in " + describe());
        }
    }

    /**
     * Shows the documents of one split to {@code visitor}, until it answers false. A split may have none.
     *
     * @return how many rows were passed over as no documents: corpus.skip-bad-rows at most
     */
    public long read(DocumentSplit split, Predicate<Document> visitor) {
        DocumentJson form = sources.get(split.source()).form();
        BadRows bad = new BadRows(limits.numBad());
        read(new Path(split.file()), split.start(), split.end(), form, bad, visitor);
        return bad.number();
    }

    /**
     * The corpus cut into parts of about {@code bytes} each, never across files. An entry of weight w comes ceil(w)
     * times; of its last time only a share of the documents is wanted, see {@link #share}.
     */
    public List<DocumentSplit> splits(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("splits of " + bytes + " bytes");
        }
        List<DocumentSplit> splits = new ArrayList<>();
        for (int source = 0; source < sources.size(); source++) {
            for (int copy = 0; copy < sources.get(source).weight(); copy++) {
                for (Path file : sources.get(source).files()) {
                    split(file, bytes, source, copy, splits);
                }
            }
        }
        return splits;
    }

    private static void split(Path file, long bytes, int source, int copy, List<DocumentSplit> splits) {
        long length = DataFiles.length(file);
        long step = RecordFile.of(file).isSplittable() ? bytes : Math.max(1, length);
        for (long start = 0; start < length; start += step) {
            splits.add(new DocumentSplit(file.toString(), start, Math.min(length, start + step), source, copy));
        }
    }

    /** The share of a split's documents that is wanted: 1, or less in the last copy of its source. */
    public double share(DocumentSplit split) {
        return Math.min(1, sources.get(split.source()).weight() - split.copy());
    }

    /**
     * About the sum of {@code size} over all documents, each as often as its entry's weight says, from a sample of
     * every entry; {@code size} is asked of the sample.
     *
     * @throws UserException as {@link #read} does of what is read
     */
    public double sampledSum(ToLongFunction<Document> size) {
        double sum = 0;
        for (Source source : sources) {
            SampledSum ofSource = new SampledSum(source.files(), source.form(), limits, size);
            sum += source.weight() * ofSource.value();
        }
        if (sum == 0) {
            read(document -> false); // says of an empty corpus that it is
        }
        return sum;
    }

    /** Length of the files in bytes, each as often as it is read. */
    public long bytes() {
        return sources.stream()
                .mapToLong(source -> (long) Math.ceil(source.weight())
                        * source.files().stream().mapToLong(DataFiles::length).sum())
                .sum();
    }

    /** The files, for messages. */
    public String describe() {
        return String.join(", ", files().stream().map(DataFiles::display).toList());
    }

    private void read(Path file, long start, long end, DocumentJson form, BadRows bad, Predicate<Document> visitor) {
        RecordReader.read(file, start, end, limits.maxBytes(), (record, location) -> {
            Optional<Document> document = bad.read(() -> form.document(record.get(), location));
            return document.isEmpty() || visitor.test(document.get());
        });
    }
}
