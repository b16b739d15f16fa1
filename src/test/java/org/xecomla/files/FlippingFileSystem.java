package org.xecomla.files;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.Progressable;

/** The local file system under scheme {@code flipping}, which writes one bit of every file's first byte wrong. */
final class FlippingFileSystem extends RenamedLocalFileSystem {
    private static final URI ROOT = URI.create("flipping:///");

    /** Makes paths of this scheme lead to one. */
    static void register() throws IOException {
        Configuration configuration = new Configuration();
        configuration.set("fs.flipping.impl", FlippingFileSystem.class.getName());
        FileSystem.get(ROOT, configuration);
    }

    @Override
    public URI getUri() {
        return ROOT;
    }

    @Override
    public FSDataOutputStream create(
            Path f, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        FSDataOutputStream file = super.create(f, overwrite, bufferSize, replication, blockSize, progress);
        return new FSDataOutputStream(
                new FilterOutputStream(file) {
                    private boolean flipped;

                    @Override
                    public void write(byte[] bytes, int offset, int length) throws IOException {
                        byte[] wrong = bytes.clone();
                        if (!flipped && length > 0) {
                            wrong[offset] ^= 16;
                            flipped = true;
                        }
                        out.write(wrong, offset, length);
                    }
                },
                null);
    }
}
