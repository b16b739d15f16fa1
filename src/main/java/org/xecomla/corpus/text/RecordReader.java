package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Supplier;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.ParquetRows;

/** The records of a file, of whatever format: what documents and preferences are made of. */
public final class RecordReader {
    private RecordReader() {}

    /** Shown one record after the other. */
    public interface Visitor {
        /**
         * @param record parsed when it is asked for: those of other tasks are counted only; a line of plain text is a
         *     text
         * @return whether the next one is wanted
         */
        boolean visit(Supplier<JsonNode> record, DocumentLocation location);
    }

    /** Shows all records of a file to {@code visitor}, until it answers false. */
    public static void read(Path path, Visitor visitor) {
        read(path, 0, Long.MAX_VALUE, RowLimits.DEFAULT.maxBytes(), visitor);
    }

    /**
     * Shows the records that begin in bytes [start, end) to {@code visitor}, until it answers false; those of a file
     * that cannot be split are all in its first split. Blank lines are passed over.
     *
     * @param maxBytes of a line, or a text in an array
     * @throws org.xecomla.errors.UserException naming file and line, where the file or a record is broken
     */
    static void read(Path path, long start, long end, int maxBytes, Visitor visitor) {
        RecordFile file = RecordFile.of(path);
        switch (file.format()) {
            case PARQUET ->
                ParquetRows.read(
                        path, start, end, (row, index) -> visitor.visit(() -> row, new DocumentLocation(path, index)));
            case JSON_ARRAY -> JsonArrayRecords.read(file, maxBytes, visitor);
            case JSON_LINES, TEXT -> readLines(file, start, end, maxBytes, visitor);
        }
    }

    private static void readLines(RecordFile file, long start, long end, int maxBytes, Visitor visitor) {
        try (LineReader lines = LineReader.of(file, start, end, maxBytes)) {
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                byte[] read = line;
                DocumentLocation location = new DocumentLocation(file.path(), lines.lineOffset());
                Supplier<JsonNode> record = file.format() == CorpusFormat.TEXT
                        ? () -> JsonLine.text(read, location)
                        : () -> JsonLine.parse(read, location);
                if (!JsonLine.isBlank(line) && !visitor.visit(record, location)) {
                    return;
                }
            }
        }
    }
}
