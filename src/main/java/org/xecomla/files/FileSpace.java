package org.xecomla.files;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * What {@link DataFiles} asks of a place that holds files. A missing file is a FileNotFoundException or
 * NoSuchFileException.
 */
interface FileSpace {
    boolean exists(Path path) throws IOException;

    boolean isDirectory(Path path) throws IOException;

    long length(Path path) throws IOException;

    /** When it was changed last, in milliseconds since 1970. */
    long modified(Path path) throws IOException;

    List<Path> list(Path directory) throws IOException;

    InputStream openStream(Path path) throws IOException;

    RandomReader open(Path path) throws IOException;

    /** A new file whose contents are on stable storage once the stream is closed. */
    OutputStream create(Path path) throws IOException;

    /** Writes a new small file; false where there is one of that name already. */
    boolean createNew(Path path, byte[] contents) throws IOException;

    /** Gives {@code from} the name {@code to}, replacing a file of that name. */
    void rename(Path from, Path to) throws IOException;

    /**
     * Whether {@code path} is of an object store: a file is there, whole, once its stream is closed, and not before; it
     * replaces what was there; a rename is a copy; and of two that create a file at once, both may succeed.
     */
    default boolean isObjectStore(Path path) throws IOException {
        return false;
    }

    /** Gives up what {@link #create} has begun in an object store: nothing comes of it, and closing it does nothing. */
    default void abandon(OutputStream begun) {}

    /** Whether {@code failure} says that the file was replaced while it was read, where that shows. */
    default boolean isReplacement(IOException failure) {
        return false;
    }

    void createDirectories(Path directory) throws IOException;

    void delete(Path path) throws IOException;

    /** Bytes that may still be written below {@code directory}, which is there; as many as there can be: no limit. */
    long free(Path directory) throws IOException;
}
