package org.xecomla.files;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Abortable;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.Progressable;

/** An object store on this machine's disk: a file is there when its stream is closed; whoever closes last has won. */
public class StoreFileSystem extends RenamedLocalFileSystem {
    private static final URI ROOT = URI.create("stored:///");

    /** Hadoop's cache knows it then. */
    static void register() throws IOException {
        Configuration configuration = new Configuration();
        configuration.set("fs.stored.impl", StoreFileSystem.class.getName());
        FileSystem.get(ROOT, configuration);
    }

    static Path path(java.nio.file.Path local) {
        return new Path(ROOT + local.toAbsolutePath().toString().substring(1));
    }

    @Override
    public URI getUri() {
        return ROOT;
    }

    @Override
    public boolean hasPathCapability(Path path, String capability) throws IOException {
        return capability.equals(CommonPathCapabilities.ABORTABLE_STREAM) || super.hasPathCapability(path, capability);
    }

    /** As the connector's of that name, which the build has only for the store's own ring. */
    static final class RemoteFileChangedException extends IOException {}

    /** So many readers find from now on that the file was replaced after they had opened it. */
    static final AtomicInteger REPLACEMENTS = new AtomicInteger();

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        if (REPLACEMENTS.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new RemoteFileChangedException();
        }
        return super.open(path, bufferSize);
    }

    @Override
    public FSDataOutputStream create(
            Path path, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        if (!overwrite && exists(path)) {
            throw new FileAlreadyExistsException(path.toString());
        }
        return new FSDataOutputStream(new Upload(pathToFile(path).toPath()), null);
    }

    @Override
    public boolean rename(Path from, Path to) {
        throw new UnsupportedOperationException("a copy and a deletion, which nobody should need: " + from);
    }

    private static final class Upload extends ByteArrayOutputStream implements Abortable {
        private final java.nio.file.Path file;
        private boolean ended;

        Upload(java.nio.file.Path file) {
            this.file = file;
        }

        @Override
        public AbortableResult abort() {
            boolean before = ended;
            ended = true;
            return new AbortableResult() {
                @Override
                public boolean alreadyClosed() {
                    return before;
                }

                @Override
                public IOException anyCleanupException() {
                    return null;
                }
            };
        }

        @Override
        public void close() throws IOException {
            if (!ended) {
                ended = true;
                Files.createDirectories(file.getParent());
                java.nio.file.Path whole = Files.createTempFile("whole", "");
                Files.write(whole, toByteArray());
                Files.move(
                        whole,
                        file,
                        java.nio.file.StandardCopyOption.ATOMIC_MOVE,
                        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}
