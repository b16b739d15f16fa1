package org.xecomla.files;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local file system under scheme {@code filling}, with room for so many bytes; what goes beyond is written to the
 * device that is always full, and so fails as on a full disk.
 */
public final class FillingFileSystem extends RenamedLocalFileSystem {
    private static final URI ROOT = URI.create("filling:///");

    private final AtomicLong room = new AtomicLong(Long.MAX_VALUE);

    /** The one that paths of this scheme lead to. */
    public static FillingFileSystem open() throws IOException {
        Configuration configuration = new Configuration();
        configuration.set("fs.filling.impl", FillingFileSystem.class.getName());
        return (FillingFileSystem) FileSystem.get(ROOT, configuration);
    }

    /** From now on {@code bytes} more may be written. */
    public void setRoom(long bytes) {
        room.set(bytes);
    }

    @Override
    public URI getUri() {
        return ROOT;
    }

    @Override
    public FSDataOutputStream create(
            Path f, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        return limited(super.create(f, overwrite, bufferSize, replication, blockSize, progress));
    }

    @Override
    public FSDataOutputStream create(
            Path f,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        return limited(super.create(f, permission, overwrite, bufferSize, replication, blockSize, progress));
    }

    private FSDataOutputStream limited(OutputStream file) throws IOException {
        return new FSDataOutputStream(
                new FilterOutputStream(file) {
                    @Override
                    public void write(int b) throws IOException {
                        take(1);
                        out.write(b);
                    }

                    @Override
                    public void write(byte[] bytes, int offset, int length) throws IOException {
                        take(length);
                        out.write(bytes, offset, length);
                    }
                },
                null);
    }

    private void take(int bytes) throws IOException {
        if (room.addAndGet(-bytes) < 0) {
            try (OutputStream full = Files.newOutputStream(java.nio.file.Path.of("/dev/full"))) {
                full.write(0);
            }
        }
    }
}
