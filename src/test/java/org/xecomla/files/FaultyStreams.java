package org.xecomla.files;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.Faults.Operation;

/** Open files whose every read and write may meet a fault. */
final class FaultyStreams {
    private static final Faults FAULTS = Faults.OF_PROCESS;

    private FaultyStreams() {}

    static InputStream reading(Path path, InputStream in) {
        return new FilterInputStream(in) {
            private boolean torn;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (torn) {
                    return -1;
                }
                return FAULTS.pass(
                        Operation.READ,
                        path,
                        () -> in.read(bytes, offset, length),
                        () -> {
                            torn = true;
                            return in.read(bytes, offset, Math.max(1, length / 2));
                        },
                        () -> {
                            int count = in.read(bytes, offset, length);
                            if (count > 0) {
                                bytes[offset + count / 2] ^= 1;
                            }
                            return count;
                        });
            }
        };
    }

    static OutputStream writing(Path path, OutputStream file) {
        return new FilterOutputStream(file) {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                FAULTS.pass(
                        Operation.WRITE,
                        path,
                        () -> write(bytes, offset, length, false),
                        () -> write(bytes, offset, length / 2, false),
                        () -> write(bytes, offset, length, true));
            }

            private Void write(byte[] bytes, int offset, int length, boolean wrong) throws IOException {
                out.write(wrong ? Faults.flipped(bytes, offset, length) : bytes, offset, length);
                out.flush();
                return null;
            }

            @Override
            public void close() throws IOException {
                try (OutputStream closing = out) {
                    FAULTS.pass(Operation.CLOSE, path, () -> closing);
                }
            }
        };
    }
}
