package org.xecomla.files;

import java.nio.ByteBuffer;
import org.apache.hadoop.fs.Path;

/** Positioned reads of one open file. Safe for several threads at once, since no read moves a cursor. */
public interface RandomReader extends AutoCloseable {
    int COPY_BYTES = 1 << 20;

    Path path();

    /** Length of the file in bytes when it was opened. */
    long length();

    /**
     * Fills {@code buffer[offset, offset + length)} from byte {@code position} of the file on.
     *
     * @throws org.xecomla.errors.UserException where the file ends before: it is truncated
     */
    void readFully(long position, byte[] buffer, int offset, int length);

    /** Fills what remains of {@code target} from byte {@code position} of the file on. */
    default void readFully(long position, ByteBuffer target) {
        byte[] copy = new byte[Math.min(COPY_BYTES, target.remaining())];
        long at = position;
        while (target.hasRemaining()) {
            int part = Math.min(copy.length, target.remaining());
            readFully(at, copy, 0, part);
            target.put(copy, 0, part);
            at += part;
        }
    }

    @Override
    void close();
}
