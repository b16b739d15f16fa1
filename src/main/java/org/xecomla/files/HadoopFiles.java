package org.xecomla.files;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * Files of every other scheme by Hadoop's {@code FileSystem}.
 *
 * <p>Hadoop caches one file system a scheme, authority and user, whatever configuration the later callers bring. So a
 * Spark stage that opens the run's directories with Spark's own Hadoop settings first has set them for everything here.
 */
final class HadoopFiles implements FileSpace {
    private final Configuration configuration = new Configuration(); // reads its files once, when it is asked first

    private FileSystem fileSystem(Path path) throws IOException {
        return FileSystem.get(path.toUri(), configuration);
    }

    @Override
    public boolean exists(Path path) throws IOException {
        return fileSystem(path).exists(path);
    }

    @Override
    public boolean isDirectory(Path path) throws IOException {
        return exists(path) && fileSystem(path).getFileStatus(path).isDirectory();
    }

    @Override
    public long length(Path path) throws IOException {
        return fileSystem(path).getFileStatus(path).getLen();
    }

    @Override
    public long free(Path directory) throws IOException {
        return fileSystem(directory).getStatus(directory).getRemaining();
    }

    @Override
    public long modified(Path path) throws IOException {
        return fileSystem(path).getFileStatus(path).getModificationTime();
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        return Arrays.stream(fileSystem(directory).listStatus(directory))
                .map(FileStatus::getPath)
                .toList();
    }

    @Override
    public InputStream openStream(Path path) throws IOException {
        return fileSystem(path).open(path);
    }

    @Override
    public RandomReader open(Path path) throws IOException {
        long length = length(path);
        return new StreamReader(path, fileSystem(path).open(path), length);
    }

    @Override
    public OutputStream create(Path path) throws IOException {
        return fileSystem(path).create(path, true);
    }

    @Override
    public boolean createNew(Path path, byte[] contents) throws IOException {
        try (OutputStream out = fileSystem(path).create(path, false)) {
            out.write(contents);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        FileSystem fileSystem = fileSystem(from);
        if (fileSystem.exists(to)) {
            try {
                FileContext.getFileContext(to.toUri(), fileSystem.getConf()).rename(from, to, Options.Rename.OVERWRITE);
                return;
            } catch (UnsupportedFileSystemException e) {
                fileSystem.delete(to, false);
            }
        }
        if (!fileSystem.rename(from, to)) {
            throw new IOException("cannot rename " + from + " to " + to);
        }
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        if (!fileSystem(directory).mkdirs(directory)) {
            throw new IOException("cannot create the directory " + directory);
        }
    }

    @Override
    public void delete(Path path) throws IOException {
        fileSystem(path).delete(path, true);
    }

    private record StreamReader(Path path, FSDataInputStream stream, long length) implements RandomReader {
        @Override
        public void readFully(long position, byte[] buffer, int offset, int length) {
            try {
                stream.readFully(position, buffer, offset, length);
            } catch (EOFException end) {
                throw DataFiles.truncated(path, this.length, position, length, end);
            } catch (IOException e) {
                throw IoFailures.of(path, e);
            }
        }

        @Override
        public void close() {
            try {
                stream.close();
            } catch (IOException e) {
                throw IoFailures.of(path, e);
            }
        }
    }
}
