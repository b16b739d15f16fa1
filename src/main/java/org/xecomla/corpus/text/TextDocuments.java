package org.xecomla.corpus.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ParquetRows;
import org.xecomla.files.RandomReader;

/**
 * The documents of the corpus's files: JSON lines, a JSON array, Parquet or plain text, by the files' names. Files in
 * the given order (those of a directory by name), documents in theirs; blank lines are passed over.
 */
public final class TextDocuments {
    public static final String DEFAULT_KEY = "text";

    /** One entry of the list: a file, or a directory with its files. */
    private record Source(List<Path> files, double weight) {}

    private final List<Source> sources;
    private final DocumentJson form;

    private TextDocuments(List<Source> sources, String key) {
        this.sources = List.copyOf(sources);
        this.form = new DocumentJson(key);
    }

    /** The documents of {@code files}, their text under {@link #DEFAULT_KEY}. */
    public static TextDocuments of(List<Path> files) {
        return of(files, DEFAULT_KEY);
    }

    /** The documents of {@code files}, each once. */
    public static TextDocuments of(List<Path> files, String key) {
        return of(files, key, List.of());
    }

    /**
     * The documents of {@code files} and of the files in directories among them, plain text under {@code key}.
     *
     * @param weights how often each entry's documents are taken, see {@link #splits}; none: each once
     * @throws UserException where a file is missing
     */
    public static TextDocuments of(List<Path> files, String key, List<Double> weights) {
        if (files.isEmpty()) {
            throw new UserException("no corpus file is given");
        }
        List<Source> sources = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            sources.add(new Source(filesOf(files.get(i)), weights.isEmpty() ? 1 : weights.get(i)));
        }
        return new TextDocuments(sources, key);
    }

    private static List<Path> filesOf(Path path) {
        if (!DataFiles.exists(path)) {
            throw new UserException("no corpus file " + DataFiles.display(path));
        }
        if (!DataFiles.isDirectory(path)) {
            return List.of(path);
        }
        List<Path> files = DataFiles.list(path).stream()
                .filter(child ->
                        !child.getName().startsWith(".") && !child.getName().startsWith("_"))
                .filter(child -> !DataFiles.isDirectory(child))
                .toList();
        if (files.isEmpty()) {
            throw new UserException("no corpus file in " + DataFiles.display(path));
        }
        return files;
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
        for (Path file : files()) {
            if (!stopped[0]) {
                read(file, 0, Long.MAX_VALUE, document -> {
                    numSeen[0]++;
                    stopped[0] = !visitor.test(document);
                    return !stopped[0];
                });
            }
        }
        if (numSeen[0] == 0) {
            throw new UserException("the corpus is empty: no document in " + describe());
        }
    }

    /** Shows the documents of one split to {@code visitor}, until it answers false. A split may have none. */
    public void read(DocumentSplit split, Predicate<Document> visitor) {
        read(new Path(split.file()), split.start(), split.end(), visitor);
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
        long step = CorpusFormat.of(file) == CorpusFormat.JSON_ARRAY ? Math.max(1, length) : bytes;
        for (long start = 0; start < length; start += step) {
            splits.add(new DocumentSplit(file.toString(), start, Math.min(length, start + step), source, copy));
        }
    }

    /** The share of a split's documents that is wanted: 1, or less in the last copy of its source. */
    public double share(DocumentSplit split) {
        return Math.min(1, sources.get(split.source()).weight() - split.copy());
    }

    /** The files, for messages. */
    public String describe() {
        return String.join(", ", files().stream().map(DataFiles::display).toList());
    }

    private void read(Path file, long start, long end, Predicate<Document> visitor) {
        CorpusFormat format = CorpusFormat.of(file);
        switch (format) {
            case PARQUET ->
                ParquetRows.read(
                        file,
                        start,
                        end,
                        (row, index) -> visitor.test(form.document(row, new DocumentLocation(file, index))));
            case JSON_ARRAY -> JsonArrayDocuments.read(file, form, visitor);
            case JSON_LINES, TEXT -> readLines(file, start, end, format, visitor);
        }
    }

    private void readLines(Path file, long start, long end, CorpusFormat format, Predicate<Document> visitor) {
        try (RandomReader reader = DataFiles.open(file)) {
            LineReader lines = new LineReader(reader, start, end);
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                if (!JsonLine.isBlank(line)) {
                    DocumentLocation location = new DocumentLocation(file, lines.lineOffset());
                    Document document = format == CorpusFormat.TEXT
                            ? new Document(new String(line, StandardCharsets.UTF_8).stripTrailing(), location)
                            : form.document(JsonLine.parse(line, location), location);
                    if (!visitor.test(document)) {
                        return;
                    }
                }
            }
        }
    }
}
