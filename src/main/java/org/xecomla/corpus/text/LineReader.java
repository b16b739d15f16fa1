package org.xecomla.corpus.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.xecomla.config.ByteSize;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;

/**
 * The lines of a part of a file, as bytes: those that begin in [start, end). Lines end at a line feed; the last one may
 * lack it. A byte order mark at the start of the file is passed over.
 */
final class LineReader implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 18;
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final RecordFile file;
    private final InputStream in;
    private final long end;
    private final int maxBytes; // of a line
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int length; // of what the buffer holds
    private int next; // in the buffer
    private long bufferEnd; // in the file
    private long lineOffset;

    private LineReader(RecordFile file, InputStream in, long start, long end, int maxBytes) {
        this.file = file;
        this.in = in;
        this.end = end;
        this.maxBytes = maxBytes;
        this.bufferEnd = Math.max(0, start - 1);
        if (start > 0) {
            readLine(); // up to the first line feed at or after start - 1: what began before start
        } else {
            skipByteOrderMark();
        }
    }

    /** Of a compressed file all lines, of which the first split takes care. */
    static LineReader of(RecordFile file, long start, long end, int maxBytes) {
        if (file.isSplittable()) {
            InputStream in = new RandomStream(DataFiles.open(file.path()), Math.max(0, start - 1));
            return new LineReader(file, in, start, end, maxBytes);
        }
        return new LineReader(file, file.open(), 0, start == 0 ? Long.MAX_VALUE : 0, maxBytes);
    }

    private void skipByteOrderMark() {
        if (fill() && length >= 3 && Arrays.equals(buffer, 0, 3, BYTE_ORDER_MARK, 0, 3)) {
            next = 3;
        }
    }

    /** The next line without its line feed, or null after the last. */
    byte[] next() {
        lineOffset = position();
        if (lineOffset >= end || next == length && !fill()) {
            return null;
        }
        return readLine();
    }

    /** Where the line that {@link #next} returned begins; in a compressed file, among its contents. */
    long lineOffset() {
        return lineOffset;
    }

    private long position() {
        return bufferEnd - (length - next);
    }

    private byte[] readLine() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (next < length || fill()) {
            int from = next;
            while (next < length && buffer[next] != '\n') {
                next++;
            }
            line.write(buffer, from, next - from);
            if (line.size() > maxBytes) {
                throw new UserException(new DocumentLocation(file.path(), lineOffset).describe() + " is longer than "
                        + ByteSize.describe(maxBytes) + ": is this a file of documents, one a line? Cut long ones, or"
                        + " raise corpus.max-row-size");
            }
            if (next < length) {
                next++;
                break;
            }
        }
        return line.toByteArray();
    }

    private boolean fill() {
        try {
            next = 0;
            length = Math.max(0, in.readNBytes(buffer, 0, buffer.length));
            bufferEnd += length;
            return length > 0;
        } catch (IOException e) {
            throw new UncheckedIOException(DataFiles.display(file.path()) + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw new UncheckedIOException(DataFiles.display(file.path()) + ": " + e.getMessage(), e);
        }
    }

    /** A file for positioned reads as a stream from {@code position}. */
    private static final class RandomStream extends InputStream {
        private final RandomReader reader;
        private long position;

        RandomStream(RandomReader reader, long position) {
            this.reader = reader;
            this.position = position;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int wanted) {
            int count = (int) Math.min(wanted, reader.length() - position);
            if (count <= 0) {
                return wanted == 0 ? 0 : -1;
            }
            reader.readFully(position, bytes, offset, count);
            position += count;
            return count;
        }

        @Override
        public void close() {
            reader.close();
        }
    }
}
