package org.xecomla.files;

import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.errors.UserException;

/**
 * The machine's own files by java.nio: starting Hadoop's file systems takes longer than a whole {@code logits} command,
 * and its local one litters directories with .crc files.
 */
final class LocalFiles implements FileSpace {
    private static final Logger log = LoggerFactory.getLogger(LocalFiles.class);

    /** What Java has no exception for: a file where a directory should be, a link to itself, no name at all. */
    private static final Pattern NOTHING_THERE =
            Pattern.compile("Not a directory|Too many levels of symbolic links.*|File name too long");

    private static java.nio.file.Path local(Path path) {
        return java.nio.file.Path.of(path.toUri().getPath());
    }

    @Override
    public boolean exists(Path path) throws IOException {
        return attributes(path) != null;
    }

    @Override
    public boolean isDirectory(Path path) throws IOException {
        BasicFileAttributes attributes = attributes(path);
        return attributes != null && attributes.isDirectory();
    }

    /**
     * Null where there is nothing. A disk that fails to say so is no empty one: a stage would begin anew on what is
     * there.
     */
    private static BasicFileAttributes attributes(Path path) throws IOException {
        try {
            return Files.readAttributes(local(path), BasicFileAttributes.class);
        } catch (NoSuchFileException | NotDirectoryException absent) {
            return null;
        } catch (FileSystemException e) {
            if (NOTHING_THERE.matcher(String.valueOf(e.getReason())).matches()) {
                return null;
            }
            throw e;
        }
    }

    @Override
    public long length(Path path) throws IOException {
        return Files.size(local(path));
    }

    @Override
    public long free(Path directory) throws IOException {
        return Files.getFileStore(local(directory)).getUsableSpace();
    }

    @Override
    public long modified(Path path) throws IOException {
        return Files.getLastModifiedTime(local(path)).toMillis();
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        try (Stream<java.nio.file.Path> children = Files.list(local(directory))) {
            return children.map(child -> new Path(
                            "file",
                            null,
                            local(directory).resolve(child.getFileName()).toString()))
                    .toList();
        }
    }

    @Override
    public InputStream openStream(Path path) throws IOException {
        requireFile(path);
        return Files.newInputStream(local(path));
    }

    @Override
    public RandomReader open(Path path) throws IOException {
        requireFile(path);
        FileChannel channel = FileChannel.open(local(path), StandardOpenOption.READ);
        return new ChannelReader(path, channel, channel.size());
    }

    /** A pipe without a writer would be waited for without end, and a device has none. */
    private static void requireFile(Path path) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(local(path), BasicFileAttributes.class);
        if (attributes.isDirectory()) {
            throw new UserException(DataFiles.display(path) + " is a directory, not a file");
        }
        if (!attributes.isRegularFile()) {
            throw new UserException(
                    DataFiles.display(path) + " is a pipe or a device, not a file: write it to a file first");
        }
    }

    @Override
    public OutputStream create(Path path) throws IOException {
        Files.createDirectories(local(path).getParent());
        FileChannel channel = FileChannel.open(
                local(path), StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        return new FilterOutputStream(Channels.newOutputStream(channel)) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
            }

            @Override
            public void close() throws IOException {
                if (channel.isOpen()) {
                    channel.force(true);
                }
                super.close();
            }
        };
    }

    @Override
    public boolean createNew(Path path, byte[] contents) throws IOException {
        Files.createDirectories(local(path).getParent());
        try {
            Files.write(local(path), contents, StandardOpenOption.CREATE_NEW, StandardOpenOption.SYNC);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        boolean there = Files.exists(local(to), LinkOption.NOFOLLOW_LINKS);
        if (there && !Files.isRegularFile(local(to), LinkOption.NOFOLLOW_LINKS)) {
            throw new UserException(DataFiles.display(to)
                    + " is a directory, a link or a device, which no file replaces:" + " name another place");
        }
        Files.move(local(from), local(to), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        forceDirectory(local(to).getParent());
    }

    /** A name is on stable storage once its directory is. Some file systems know no such thing. */
    private static void forceDirectory(java.nio.file.Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException unknownHere) {
            log.debug("{} cannot be forced to storage", directory, unknownHere);
        }
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        Files.createDirectories(local(directory));
    }

    @Override
    public void delete(Path path) throws IOException {
        try {
            Files.walkFileTree(local(path), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(java.nio.file.Path file, BasicFileAttributes attributes)
                        throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(java.nio.file.Path directory, IOException failure)
                        throws IOException {
                    if (failure != null) {
                        throw failure;
                    }
                    Files.delete(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (NoSuchFileException absent) {
            // Gone is what was asked for.
        }
    }

    private record ChannelReader(Path path, FileChannel channel, long length) implements RandomReader {
        @Override
        public void readFully(long position, byte[] buffer, int offset, int length) {
            readFully(position, ByteBuffer.wrap(buffer, offset, length));
        }

        @Override
        public void readFully(long position, ByteBuffer target) {
            long at = position;
            int wanted = target.remaining();
            try {
                while (target.hasRemaining()) {
                    int read = channel.read(target, at);
                    if (read < 0) {
                        throw new EOFException();
                    }
                    at += read;
                }
            } catch (EOFException end) {
                throw DataFiles.truncated(path, length, position, wanted, end);
            } catch (IOException e) {
                throw IoFailures.of(path, e);
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw IoFailures.of(path, e);
            }
        }
    }
}
