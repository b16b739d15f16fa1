package org.xecomla.files;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.ServiceLoader;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/**
 * Every file that the project reads or writes: local ones without Hadoop's start-up cost, all others by Hadoop's file
 * systems.
 *
 * <p>A missing file is a {@link UserException} of one line; other trouble is an {@link UncheckedIOException}.
 */
public final class DataFiles {
    private static final FileSpace LOCAL = layered(new LocalFiles());
    private static final FileSpace HADOOP = new HadoopFiles();
    private static final Pattern SCHEME = Pattern.compile("^[A-Za-z][A-Za-z0-9+.-]+:/.*");
    private static final Pattern TEMPORARY = Pattern.compile("^\\..*\\.tmp$");
    private static final int MAX_READINGS = 10;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int COPY_BYTES = 1 << 20;

    /** System property: where relative paths start; the process's own directory unless set. */
    public static final String DIRECTORY = "xecomla.directory";

    private DataFiles() {}

    private static FileSpace layered(FileSpace files) {
        FileSpace top = files;
        for (FileLayer layer : ServiceLoader.load(FileLayer.class, DataFiles.class.getClassLoader())) {
            top = layer.over(top);
        }
        return top;
    }

    /**
     * The path of {@code location}: a URI as it is, anything else a local path, made absolute from {@link #DIRECTORY}.
     */
    public static Path path(String location) {
        if (location.isBlank()) {
            throw new UserException("an empty string is no path");
        }
        if (location.indexOf('\0') >= 0) {
            throw new UserException(location + " is no path: it holds a character of value 0");
        }
        if (SCHEME.matcher(location).matches()) {
            return new Path(location);
        }
        java.nio.file.Path start = java.nio.file.Path.of(System.getProperty(DIRECTORY, ""));
        return new Path(
                "file",
                null,
                start.resolve(location).toAbsolutePath().normalize().toString());
    }

    /** Whether the path is on this machine's own disks. */
    public static boolean isLocal(Path path) {
        String scheme = path.toUri().getScheme();
        return scheme == null || scheme.equals("file");
    }

    /** The path as people write it: local ones without scheme. */
    public static String display(Path path) {
        return isLocal(path) ? path.toUri().getPath() : path.toString();
    }

    public static boolean exists(Path path) {
        return call(path, () -> space(path).exists(path));
    }

    public static boolean isDirectory(Path path) {
        return call(path, () -> space(path).isDirectory(path));
    }

    /** Length of a file in bytes. */
    public static long length(Path path) {
        return call(path, () -> space(path).length(path));
    }

    /** Bytes that may still be written to {@code directory}, or to the first one above it that is there. */
    public static long free(Path directory) {
        Path there = directory;
        while (!exists(there) && there.getParent() != null) {
            there = there.getParent();
        }
        Path asked = there;
        return call(asked, () -> space(asked).free(asked));
    }

    /** When a file was changed last, in milliseconds since 1970. */
    public static long modified(Path path) {
        return call(path, () -> space(path).modified(path));
    }

    /** The files and directories in {@code directory}, by name; what a writer left half-done is not among them. */
    public static List<Path> list(Path directory) {
        return call(directory, () -> space(directory).list(directory).stream()
                .filter(child -> !TEMPORARY.matcher(child.getName()).matches())
                .sorted(Comparator.comparing(Path::getName))
                .toList());
    }

    /** Removes what writers that were killed have left half-done in {@code directory}. */
    static void deleteUnfinished(Path directory) {
        call(directory, () -> {
            for (Path child : space(directory).list(directory)) {
                if (TEMPORARY.matcher(child.getName()).matches()) {
                    space(directory).delete(child);
                }
            }
            return null;
        });
    }

    /** The file's bytes from its start. */
    public static InputStream openStream(Path path) {
        return call(
                path,
                () -> new BufferedInputStream(IoFailures.named(path, space(path).openStream(path)), BUFFER_BYTES));
    }

    /** The file for positioned reads. */
    public static RandomReader open(Path path) {
        return call(path, () -> space(path).open(path));
    }

    /** The whole of a small UTF-8 file. */
    public static String readString(Path path) {
        return new String(readBytes(path), StandardCharsets.UTF_8);
    }

    /**
     * The whole of a small file that somebody else wrote.
     *
     * @throws UserException where it is not UTF-8, from which other characters would be read than were meant
     */
    public static String readText(Path path) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(readBytes(path)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new UserException(display(path) + " is not UTF-8: convert the file, for instance by iconv", e);
        }
    }

    /** Once more where it is replaced meanwhile: a lease is, every few seconds. */
    static byte[] readBytes(Path path) {
        return call(path, () -> {
            for (int reading = 1; ; reading++) {
                try (InputStream in = space(path).openStream(path)) {
                    return in.readAllBytes();
                } catch (IOException e) {
                    if (reading == MAX_READINGS || !space(path).isReplacement(e)) {
                        throw e;
                    }
                }
            }
        });
    }

    /**
     * Writes a file, replacing one of that name: a reader sees the old contents or all of the new. Directories above
     * are made. It is written under a temporary name in the same directory and renamed, or by its own name where the
     * store shows nothing before it is whole.
     */
    public static void writeAtomically(Path path, OutputWriter writer) {
        call(path, () -> {
            if (space(path).isObjectStore(path)) {
                put(path, writer);
            } else {
                writeAndRename(path, writer);
            }
            return null;
        });
    }

    private static void put(Path path, OutputWriter writer) throws IOException {
        OutputStream file = space(path).create(path);
        Manifest.FileEntry entry;
        try (MeantDigest.Stream meant = new MeantDigest.Stream(new BufferedOutputStream(file, BUFFER_BYTES))) {
            try {
                writer.write(meant);
                entry = meant.entry();
                MeantDigest.note(space(path), path, entry);
            } catch (IOException | RuntimeException | Error e) {
                space(path).abandon(file); // before it is closed, or the half would be taken for the whole
                throw e;
            }
        }
        requireAsMeant(path, path, entry);
    }

    private static void writeAndRename(Path path, OutputWriter writer) throws IOException {
        Path temporary = new Path(path.getParent(), "." + path.getName() + "." + UUID.randomUUID() + ".tmp");
        try {
            Manifest.FileEntry meant = write(temporary, writer);
            requireAsMeant(path, temporary, meant);
            MeantDigest.note(space(path), path, meant);
            space(path).rename(temporary, path);
        } catch (IOException | RuntimeException | Error e) {
            try {
                space(path).delete(temporary);
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    private static Manifest.FileEntry write(Path temporary, OutputWriter writer) throws IOException {
        OutputStream file = space(temporary).create(temporary);
        MeantDigest.Stream meant = new MeantDigest.Stream(new BufferedOutputStream(file, BUFFER_BYTES));
        try (meant) {
            writer.write(meant);
        }
        return meant.entry();
    }

    private static void requireAsMeant(Path path, Path written, Manifest.FileEntry meant) throws IOException {
        MessageDigest found = newSha256();
        try (InputStream in = space(path).openStream(written)) {
            byte[] buffer = new byte[COPY_BYTES];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                found.update(buffer, 0, n);
            }
        }
        if (!HexFormat.of().formatHex(found.digest()).equals(meant.sha256())) {
            throw new UserException(
                    display(path) + " does not read back as it was written: look at that disk and at this"
                            + " machine's memory, then run again");
        }
    }

    /** Writes a small UTF-8 file {@linkplain #writeAtomically atomically}. */
    public static void writeString(Path path, String text) {
        writeAtomically(path, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Whether {@code path} is of a {@linkplain FileSpace#isObjectStore store} that creates nothing exclusively. */
    static boolean isObjectStore(Path path) {
        return call(path, () -> space(path).isObjectStore(path));
    }

    /**
     * Writes a small UTF-8 file unless there is one of that name; whether it was written. Of several that try at once
     * one succeeds, but in an {@linkplain #isObjectStore object store}; a reader may see it empty for a moment.
     */
    static boolean createNew(Path path, String text) {
        return call(path, () -> space(path).createNew(path, text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Gives a file or directory another name, where nothing of that name is yet. */
    public static void rename(Path from, Path to) {
        call(from, () -> {
            space(from).rename(from, to);
            return null;
        });
    }

    /** Copies a file {@linkplain #writeAtomically atomically}. */
    public static void copy(Path from, Path to) {
        try (InputStream in = openStream(from)) {
            writeAtomically(to, in::transferTo);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void createDirectories(Path directory) {
        call(directory, () -> {
            space(directory).createDirectories(directory);
            return null;
        });
    }

    /** Removes a file, or a directory and all below it, if it is there. */
    public static void delete(Path path) {
        call(path, () -> {
            space(path).delete(path);
            return null;
        });
    }

    /** SHA-256 of a file's contents, in hexadecimal. */
    public static String sha256(Path path) {
        MessageDigest digest = newSha256();
        try (InputStream in = openStream(path)) {
            byte[] buffer = new byte[COPY_BYTES];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** SHA-256 of bytes, in hexadecimal. */
    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(newSha256().digest(bytes));
    }

    static MessageDigest newSha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    static UserException truncated(Path path, long length, long position, long wanted, Throwable cause) {
        return new UserException(
                display(path) + " has " + length + " bytes, but bytes " + position + " to " + (position + wanted)
                        + " are needed: the file is truncated, copy it again",
                cause);
    }

    private static FileSpace space(Path path) {
        return isLocal(path) ? LOCAL : HADOOP;
    }

    private interface Action<T> {
        T run() throws IOException;
    }

    private static <T> T call(Path path, Action<T> action) {
        try {
            return action.run();
        } catch (IOException e) {
            throw IoFailures.of(path, e);
        } catch (UncheckedIOException e) {
            boolean named = !e.getCause().toString().equals(e.getMessage());
            throw named ? e : IoFailures.of(path, e.getCause());
        }
    }
}
