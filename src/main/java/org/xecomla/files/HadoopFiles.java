package org.xecomla.files;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Abortable;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.xecomla.errors.UserException;

/**
 * Files of every other scheme by Hadoop's {@code FileSystem}, with the {@linkplain HadoopSettings settings of this
 * process}. Hadoop caches one file system a scheme, authority and user, whatever configuration later callers bring.
 */
final class HadoopFiles implements FileSpace {
    private static final Map<String, String> CONNECTORS = Map.of(
            "s3a", "hadoop-aws of your Hadoop's version, with its AWS SDK",
            "gs", "Google's gcs-connector",
            "abfs", "hadoop-azure of your Hadoop's version",
            "abfss", "hadoop-azure of your Hadoop's version");

    private FileSystem fileSystem(Path path) throws IOException {
        try {
            return FileSystem.get(path.toUri(), Settings.READ);
        } catch (UnsupportedFileSystemException | NoClassDefFoundError e) {
            throw noConnector(path, e);
        } catch (RuntimeException e) {
            if (e.getCause() instanceof ClassNotFoundException) { // Configuration.getClass wraps it twice or once
                throw noConnector(path, e);
            }
            throw new UserException(
                    "Hadoop cannot open the file system of " + path + ": " + e.getMessage()
                            + ": look at spark.hadoop.* and core-site.xml",
                    e);
        }
    }

    private static UserException noConnector(Path path, Throwable cause) {
        String scheme = path.toUri().getScheme();
        String mend = scheme.equals("s3") || scheme.equals("s3n")
                ? "Hadoop calls Amazon's store s3a: write s3a://" + path.toUri().getAuthority() + "/..."
                : "add " + CONNECTORS.getOrDefault(scheme, "its connector") + " to Spark's jars";
        return new UserException("Hadoop has no file system for " + path + ": " + mend, cause);
    }

    /** The configuration files are read once, when a file is asked for first. */
    private static final class Settings {
        static final Configuration READ = HadoopSettings.here();
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
    public boolean isObjectStore(Path path) throws IOException {
        return fileSystem(path).hasPathCapability(path, CommonPathCapabilities.ABORTABLE_STREAM);
    }

    @Override
    public void abandon(OutputStream begun) {
        ((Abortable) begun).abort();
    }

    /** S3A asks for the object that it saw when it was opened, by its ETag; its class is the connector's. */
    @Override
    public boolean isReplacement(IOException failure) {
        return failure.getClass().getSimpleName().equals("RemoteFileChangedException");
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
