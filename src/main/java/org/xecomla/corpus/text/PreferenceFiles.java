package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ParquetRows;
import org.xecomla.files.RandomReader;

/**
 * Preferences in files of JSON lines or Parquet, by their names: {@code prompt}, {@code chosen} and {@code rejected} of
 * each line or row. Files in the given order, lines and rows in theirs; blank lines are passed over.
 */
public final class PreferenceFiles {
    private PreferenceFiles() {}

    /**
     * The files cut into parts of about {@code bytes} each, never across files.
     *
     * @throws org.xecomla.errors.UserException where one is missing
     */
    public static List<DocumentSplit> splits(List<Path> files, long bytes) {
        return TextDocuments.of(files).splits(bytes);
    }

    /** How many preferences a split has. */
    public static long count(DocumentSplit split) {
        long[] count = new long[1];
        records(split, (record, location) -> {
            count[0]++;
            return true;
        });
        return count[0];
    }

    /**
     * The preferences {@code from} to {@code to} (exclusive) of a split, counted from 0.
     *
     * @throws org.xecomla.errors.UserException naming file and line, where one is not a preference
     */
    public static List<Preference> read(DocumentSplit split, long from, long to) {
        List<Preference> read = new ArrayList<>();
        long[] at = new long[1];
        records(split, (record, location) -> {
            if (at[0] >= from && at[0] < to) {
                read.add(Preference.of(record.get(), location));
            }
            at[0]++;
            return at[0] < to;
        });
        return read;
    }

    private interface Visitor {
        /** @param record parsed when it is asked for: those of other tasks are counted only */
        boolean visit(Supplier<JsonNode> record, DocumentLocation location);
    }

    private static void records(DocumentSplit split, Visitor visitor) {
        Path file = new Path(split.file());
        if (CorpusFormat.of(file) == CorpusFormat.PARQUET) {
            ParquetRows.read(
                    file,
                    split.start(),
                    split.end(),
                    (row, index) -> visitor.visit(() -> row, new DocumentLocation(file, index)));
            return;
        }
        try (RandomReader reader = DataFiles.open(file)) {
            LineReader lines = new LineReader(reader, split.start(), split.end());
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                byte[] read = line;
                DocumentLocation location = new DocumentLocation(file, lines.lineOffset());
                if (!JsonLine.isBlank(line) && !visitor.visit(() -> JsonLine.parse(read, location), location)) {
                    return;
                }
            }
        }
    }
}
