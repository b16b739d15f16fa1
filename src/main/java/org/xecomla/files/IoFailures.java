package org.xecomla.files;

import java.io.FileNotFoundException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.xecomla.errors.UserException;

/**
 * What file systems say, in words for people that name the file: a {@link UserException} for what a person has to mend,
 * an {@link UncheckedIOException} for what may pass, so that a task is tried again.
 */
final class IoFailures {
    // Systems say it in words only.
    private static final Pattern FULL =
            Pattern.compile("No space left on device|[Dd]isk quota exceeded|quota of .* is exceeded|File too large");
    private static final Pattern FORBIDDEN =
            Pattern.compile("Read-only file system|Operation not permitted|Permission denied");
    private static final Pattern DEVICE = Pattern.compile("Input/output error|Structure needs cleaning");
    private static final Pattern OPEN_FILES = Pattern.compile("Too many open files");
    private static final Pattern DIRECTORY = Pattern.compile("Is a directory");

    private IoFailures() {}

    static RuntimeException of(Path path, IOException e) {
        String place = DataFiles.display(path);
        if (e instanceof NoSuchFileException || e instanceof FileNotFoundException && !says(OPEN_FILES, e)) {
            return new UserException("no such file or directory: " + place, e);
        }
        if (e instanceof NotDirectoryException) {
            return new UserException(place + " is a file, not a directory", e);
        }
        if (says(FULL, e)) {
            return new UserException("no space is left for " + place + ": make room and run again", e);
        }
        if (e instanceof AccessDeniedException || e instanceof AccessControlException) {
            return new UserException("no permission for " + place, e);
        }
        if (says(FORBIDDEN, e)) {
            return new UserException("no permission for " + place + ": " + e.getMessage(), e);
        }
        if (says(DIRECTORY, e)) {
            return new UserException(place + " is a directory, not a file", e);
        }
        return new UncheckedIOException(place + ": " + reason(e), e);
    }

    private static String reason(IOException e) {
        if (says(DEVICE, e)) {
            return "its disk fails (input/output error): look at the machine's log; what is complete is kept, run"
                    + " again";
        }
        if (says(OPEN_FILES, e)) {
            return "too many files are open: raise the limit (ulimit -n) and run again; what is complete is kept";
        }
        return String.valueOf(e.getMessage());
    }

    private static boolean says(Pattern pattern, IOException e) {
        return pattern.matcher(String.valueOf(e.getMessage())).find();
    }

    /** A stream whose failures name its file. */
    static InputStream named(Path path, InputStream in) {
        return new FilterInputStream(in) {
            @Override
            public int read() {
                try {
                    return in.read();
                } catch (IOException e) {
                    throw IoFailures.of(path, e);
                }
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                try {
                    return in.read(bytes, offset, length);
                } catch (IOException e) {
                    throw IoFailures.of(path, e);
                }
            }
        };
    }
}
