package org.xecomla.corpus.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.DataFiles;

/**
 * A document's place in its file, by its first byte: what a task that starts in the middle of a file knows.
 *
 * @param offset of the document's first byte; in Parquet its row, counted from 0
 */
public record DocumentLocation(Path file, long offset) {
    /** File and line (row) number, counted from 1, for messages; reads the file up to the line. */
    public String describe() {
        if (RecordFile.of(file).format() == CorpusFormat.PARQUET) {
            return DataFiles.display(file) + " row " + (offset + 1);
        }
        return DataFiles.display(file) + " line " + lineNumber();
    }

    private long lineNumber() {
        long line = 1;
        long position = 0;
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = RecordFile.of(file).open()) {
            for (int n = in.read(buffer); n >= 0 && position < offset; n = in.read(buffer)) {
                for (int i = 0; i < n && position + i < offset; i++) {
                    line += buffer[i] == '\n' ? 1 : 0;
                }
                position += n;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return line;
    }
}
