package org.xecomla.corpus.text;

import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * Preferences in files of JSON lines, a JSON array or Parquet: {@code prompt}, {@code chosen} and {@code rejected} of
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

    private static void records(DocumentSplit split, RecordReader.Visitor visitor) {
        RecordReader.read(new Path(split.file()), split.start(), split.end(), RowLimits.DEFAULT.maxBytes(), visitor);
    }
}
