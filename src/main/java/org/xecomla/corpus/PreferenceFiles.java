package org.xecomla.corpus;

import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;

/**
 * Preferences in JSONL files: one JSON object a line with {@code prompt}, {@code chosen} and {@code rejected}. Files in the
 * given order, lines in theirs; blank lines are passed over.
 */
public final class PreferenceFiles {
    private PreferenceFiles() {}

    /**
     * The files cut into parts of about {@code bytes} each, never across files.
     *
     * @throws UserException where one is missing or no JSONL
     */
    public static List<DocumentSplit> splits(List<Path> files, long bytes) {
        for (Path file : files) {
            if (file.getName().endsWith(".parquet")) {
                throw new UserException(
                        "preferences are read from JSON lines, and " + DataFiles.display(file)
                                + " is Parquet: write its rows as JSON lines, with Spark by spark.read.parquet(FILE).write.json(DIR)");
            }
        }
        return TextDocuments.of(files).splits(bytes);
    }

    /** How many preferences a split has. */
    public static long count(DocumentSplit split) {
        long[] count = new long[1];
        lines(split, (line, location) -> {
            count[0]++;
            return true;
        });
        return count[0];
    }

    /**
     * The preferences {@code from} to {@code to} (exclusive) of a split, counted from 0.
     *
     * @throws UserException naming file and line, where one is not a preference
     */
    static List<Preference> read(DocumentSplit split, long from, long to) {
        List<Preference> read = new ArrayList<>();
        long[] at = new long[1];
        lines(split, (line, location) -> {
            if (at[0] >= from && at[0] < to) {
                read.add(Preference.of(JsonLine.parse(line, location), location));
            }
            at[0]++;
            return at[0] < to;
        });
        return read;
    }

    private interface LineVisitor {
        boolean visit(byte[] line, DocumentLocation location);
    }

    private static void lines(DocumentSplit split, LineVisitor visitor) {
        Path file = new Path(split.file());
        try (RandomReader reader = DataFiles.open(file)) {
            LineReader lines = new LineReader(reader, split.start(), split.end());
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                if (!JsonLine.isBlank(line) && !visitor.visit(line, new DocumentLocation(file, lines.lineOffset()))) {
                    return;
                }
            }
        }
    }
}
