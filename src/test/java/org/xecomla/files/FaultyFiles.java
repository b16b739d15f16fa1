package org.xecomla.files;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.Faults.Operation;

/** This machine's own files, with {@link Faults}. */
public final class FaultyFiles implements FileLayer {
    private static final Faults FAULTS = Faults.OF_PROCESS;

    @Override
    public FileSpace over(FileSpace below) {
        return new Space(below);
    }

    private record Space(FileSpace below) implements FileSpace {
        @Override
        public boolean exists(Path path) throws IOException {
            return FAULTS.pass(Operation.EXISTS, path, () -> below.exists(path));
        }

        @Override
        public boolean isDirectory(Path path) throws IOException {
            return FAULTS.pass(Operation.EXISTS, path, () -> below.isDirectory(path));
        }

        @Override
        public long length(Path path) throws IOException {
            return FAULTS.pass(Operation.STATUS, path, () -> below.length(path));
        }

        @Override
        public long free(Path directory) throws IOException {
            return below.free(directory);
        }

        @Override
        public long modified(Path path) throws IOException {
            return FAULTS.pass(Operation.STATUS, path, () -> below.modified(path));
        }

        @Override
        public List<Path> list(Path directory) throws IOException {
            return FAULTS.pass(Operation.LIST, directory, () -> below.list(directory));
        }

        @Override
        public InputStream openStream(Path path) throws IOException {
            return FaultyStreams.reading(path, FAULTS.pass(Operation.OPEN, path, () -> below.openStream(path)));
        }

        @Override
        public RandomReader open(Path path) throws IOException {
            return new Reader(FAULTS.pass(Operation.OPEN, path, () -> below.open(path)));
        }

        @Override
        public OutputStream create(Path path) throws IOException {
            return FaultyStreams.writing(path, FAULTS.pass(Operation.CREATE, path, () -> below.create(path)));
        }

        @Override
        public boolean createNew(Path path, byte[] contents) throws IOException {
            return FAULTS.pass(
                    Operation.CREATE_NEW,
                    path,
                    () -> below.createNew(path, contents),
                    () -> below.createNew(path, Arrays.copyOf(contents, contents.length / 2)),
                    () -> below.createNew(path, Faults.flipped(contents, 0, contents.length)));
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            FAULTS.pass(Operation.RENAME, to, () -> {
                below.rename(from, to);
                return null;
            });
        }

        @Override
        public void createDirectories(Path directory) throws IOException {
            FAULTS.pass(Operation.MAKE_DIRECTORY, directory, () -> {
                below.createDirectories(directory);
                return null;
            });
        }

        @Override
        public void delete(Path path) throws IOException {
            Faults.Call<Void> all = () -> {
                below.delete(path);
                return null;
            };
            FAULTS.pass(Operation.DELETE, path, all, () -> deleteHalf(path), all);
        }

        private Void deleteHalf(Path path) throws IOException {
            if (below.isDirectory(path)) {
                List<Path> children = below.list(path);
                for (Path child : children.subList(0, children.size() / 2)) {
                    below.delete(child);
                }
            }
            return null;
        }
    }

    private record Reader(RandomReader below) implements RandomReader {
        @Override
        public Path path() {
            return below.path();
        }

        @Override
        public long length() {
            return below.length();
        }

        @Override
        public void readFully(long position, byte[] buffer, int offset, int length) {
            readFully(position, ByteBuffer.wrap(buffer, offset, length));
        }

        @Override
        public void readFully(long position, ByteBuffer target) {
            int start = target.position();
            int wanted = target.remaining();
            Faults.Call<Void> all = () -> {
                below.readFully(position, target);
                return null;
            };
            try {
                FAULTS.pass(
                        Operation.READ,
                        path(),
                        all,
                        () -> {
                            throw DataFiles.truncated(path(), position, position, wanted, null);
                        },
                        () -> {
                            all.run();
                            int at = start + wanted / 2;
                            target.put(at, (byte) (target.get(at) ^ 1));
                            return null;
                        });
            } catch (IOException e) {
                throw IoFailures.of(path(), e);
            }
        }

        @Override
        public void close() {
            below.close();
        }
    }
}
