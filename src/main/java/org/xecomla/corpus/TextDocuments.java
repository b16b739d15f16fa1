package org.xecomla.corpus;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;

/**
 * The documents of JSONL files: one JSON object a line, its text under one key. Files in the given order, lines in theirs;
 * blank lines are passed over.
 */
public final class TextDocuments {
    public static final String DEFAULT_KEY = "text";

    private final List<Path> files;
    private final String key;

    private TextDocuments(List<Path> files, String key) {
        this.files = List.copyOf(files);
        this.key = key;
    }

    /** The documents of {@code files}, their text under {@link #DEFAULT_KEY}. */
    public static TextDocuments of(List<Path> files) {
        return of(files, DEFAULT_KEY);
    }

    /**
     * The documents of {@code files}, their text under {@code key}.
     *
     * @throws UserException where a file is missing
     */
    public static TextDocuments of(List<Path> files, String key) {
        if (files.isEmpty()) {
            throw new UserException("no corpus file is given");
        }
        for (Path file : files) {
            if (!DataFiles.exists(file)) {
                throw new UserException("no corpus file " + DataFiles.display(file));
            }
        }
        return new TextDocuments(files, key);
    }

    /**
     * Shows every document to {@code visitor}, in order, until it answers false.
     *
     * @throws UserException naming file and line, where a line is not JSON or has no text; where there is no document at all
     */
    public void read(Predicate<Document> visitor) {
        long[] numSeen = new long[1];
        boolean[] stopped = new boolean[1];
        for (Path file : files) {
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

    /** The corpus cut into parts of about {@code bytes} each, never across files. */
    public List<DocumentSplit> splits(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("splits of " + bytes + " bytes");
        }
        List<DocumentSplit> splits = new ArrayList<>();
        for (Path file : files) {
            long length = DataFiles.length(file);
            for (long start = 0; start < length; start += bytes) {
                splits.add(new DocumentSplit(file.toString(), start, Math.min(length, start + bytes)));
            }
        }
        return splits;
    }

    /** The files, for messages. */
    public String describe() {
        return String.join(", ", files.stream().map(DataFiles::display).toList());
    }

    private void read(Path file, long start, long end, Predicate<Document> visitor) {
        try (RandomReader reader = DataFiles.open(file)) {
            LineReader lines = new LineReader(reader, start, end);
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                if (!JsonLine.isBlank(line)) {
                    DocumentLocation location = new DocumentLocation(file, lines.lineOffset());
                    if (!visitor.test(document(line, location))) {
                        return;
                    }
                }
            }
        }
    }

    private Document document(byte[] line, DocumentLocation location) {
        return new Document(JsonLine.requireText(JsonLine.parse(line, location), key, location), location);
    }
}
