package org.xecomla.files;

import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/** A directory that a command is told to fill: it must hold nothing yet, for it may be anybody's. */
public final class OutputDirectory {
    private OutputDirectory() {}

    /**
     * The directory at {@code location}, which is not there yet or is empty.
     *
     * @throws UserException where it is something else, or holds anything: another model, or what is being read
     */
    public static Path free(String location) {
        Path path = DataFiles.path(location);
        if (!DataFiles.exists(path)) {
            return path;
        }
        if (!DataFiles.isDirectory(path)) {
            throw new UserException(DataFiles.display(path) + " is no directory: choose another --out");
        }
        if (!DataFiles.list(path).isEmpty()) {
            throw new UserException(DataFiles.display(path)
                    + " is not empty, and nothing in it is written over: remove it" + " or choose another --out");
        }
        return path;
    }
}
