package org.xecomla.files;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.BufferedFSInputStream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.xecomla.files.Faults.Operation;

/** The local file system under scheme {@code faulty}, as a cluster's, with {@link Faults}. */
public final class FaultyFileSystem extends RenamedLocalFileSystem {
    private static final URI ROOT = URI.create("faulty:///");
    private static final Faults FAULTS = Faults.OF_PROCESS;

    /** Makes paths of this scheme lead to one. */
    public static void register() throws IOException {
        Configuration configuration = new Configuration();
        configuration.set("fs.faulty.impl", FaultyFileSystem.class.getName());
        FileSystem.get(ROOT, configuration);
    }

    @Override
    public URI getUri() {
        return ROOT;
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        FSDataInputStream in = FAULTS.pass(Operation.OPEN, path, () -> super.open(path, bufferSize));
        return new FSDataInputStream(new BufferedFSInputStream(new Seekable(path, in), 1));
    }

    /** Reads by a stream's cursor and by positions alike. */
    private static final class Seekable extends FSInputStream {
        private final FSDataInputStream in;
        private final InputStream faulty; // the same bytes

        Seekable(Path path, FSDataInputStream in) {
            this.in = in;
            this.faulty = FaultyStreams.reading(path, in);
        }

        @Override
        public void seek(long position) throws IOException {
            in.seek(position);
        }

        @Override
        public long getPos() throws IOException {
            return in.getPos();
        }

        @Override
        public boolean seekToNewSource(long target) {
            return false;
        }

        @Override
        public int read() throws IOException {
            return faulty.read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return faulty.read(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    @Override
    public FSDataOutputStream create(
            Path path, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        return writing(
                path,
                FAULTS.pass(
                        Operation.CREATE,
                        path,
                        () -> super.create(path, overwrite, bufferSize, replication, blockSize, progress)));
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        return create(path, overwrite, bufferSize, replication, blockSize, progress);
    }

    private static FSDataOutputStream writing(Path path, FSDataOutputStream file) throws IOException {
        return new FSDataOutputStream(FaultyStreams.writing(path, file), null);
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        return FAULTS.pass(Operation.RENAME, to, () -> super.rename(from, to));
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        Faults.Call<Boolean> all = () -> super.delete(path, recursive);
        return FAULTS.pass(Operation.DELETE, path, all, () -> deleteHalf(path), all);
    }

    private boolean deleteHalf(Path path) throws IOException {
        if (pathToFile(path).isDirectory()) {
            FileStatus[] children = super.listStatus(path);
            for (int i = 0; i < children.length / 2; i++) {
                super.delete(children[i].getPath(), true);
            }
        }
        return true;
    }

    @Override
    public boolean mkdirs(Path path) throws IOException {
        return FAULTS.pass(Operation.MAKE_DIRECTORY, path, () -> super.mkdirs(path));
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        return FAULTS.pass(Operation.LIST, path, () -> super.listStatus(path));
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        return FAULTS.pass(Operation.STATUS, path, () -> super.getFileStatus(path));
    }
}
