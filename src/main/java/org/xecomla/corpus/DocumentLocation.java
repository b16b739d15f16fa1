package org.xecomla.corpus;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.DataFiles;

/**
 * The line of a file, by its first byte: what a task that starts in the middle of a file knows.
 *
 * @param offset of the line's first byte
 */
public record DocumentLocation(Path file, long offset) {
    /** File and line number, counted from 1, for messages; reads the file up to the line. */
    public String describe() {
        return DataFiles.display(file) + " line " + lineNumber();
    }

    private long lineNumber() {
        long line = 1;
        long position = 0;
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = DataFiles.openStream(file)) {
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
