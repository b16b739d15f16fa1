package org.xecomla.corpus.text;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.xecomla.files.RandomReader;

/**
 * The lines of a part of a file, as bytes: those that begin in [start, end). Lines end at a line feed; the last one may
 * lack it. A byte order mark at the start of the file is passed over.
 */
final class LineReader {
    private static final int BUFFER_BYTES = 1 << 18;
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final RandomReader file;
    private final long end;
    private byte[] buffer = new byte[0];
    private int next; // in the buffer
    private long bufferEnd; // in the file
    private long lineOffset;

    LineReader(RandomReader file, long start, long end) {
        this.file = file;
        this.end = Math.min(end, file.length());
        this.bufferEnd = Math.max(0, start - 1);
        if (start > 0) {
            readLine(); // up to the first line feed at or after start - 1: what began before start
        } else {
            skipByteOrderMark();
        }
    }

    private void skipByteOrderMark() {
        fill();
        if (buffer.length >= 3 && Arrays.equals(buffer, 0, 3, BYTE_ORDER_MARK, 0, 3)) {
            next = 3;
        }
    }

    /** The next line without its line feed, or null after the last. */
    byte[] next() {
        lineOffset = position();
        return lineOffset >= end ? null : readLine();
    }

    /** Where the line that {@link #next} returned begins. */
    long lineOffset() {
        return lineOffset;
    }

    private long position() {
        return bufferEnd - (buffer.length - next);
    }

    private byte[] readLine() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (next < buffer.length || fill()) {
            int from = next;
            while (next < buffer.length && buffer[next] != '\n') {
                next++;
            }
            line.write(buffer, from, next - from);
            if (next < buffer.length) {
                next++;
                break;
            }
        }
        return line.toByteArray();
    }

    private boolean fill() {
        int length = (int) Math.min(BUFFER_BYTES, file.length() - bufferEnd);
        buffer = new byte[Math.max(0, length)];
        next = 0;
        if (length <= 0) {
            return false;
        }
        file.readFully(bufferEnd, buffer, 0, length);
        bufferEnd += length;
        return true;
    }
}
