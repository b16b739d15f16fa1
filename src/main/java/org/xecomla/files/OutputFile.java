package org.xecomla.files;

import java.util.Collection;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/** A file that a command is told to write: one of its own from before may be replaced, what it reads may not. */
public final class OutputFile {
    private OutputFile() {}

    /**
     * The file at {@code location}.
     *
     * @param inputs files and directories that the command reads
     * @throws UserException where it is there and is one of them, or lies in one
     */
    public static Path apartFrom(Collection<String> inputs, String location) {
        Path out = DataFiles.path(location);
        if (!DataFiles.exists(out)) {
            return out;
        }
        for (String input : inputs) {
            Path read = DataFiles.path(input);
            for (Path place = out; place != null && !read.isRoot(); place = place.getParent()) {
                if (DataFiles.display(place).equals(DataFiles.display(read))) {
                    throw new UserException(DataFiles.display(out)
                            + " is part of what is read, and would be written over: name another place");
                }
            }
        }
        return out;
    }
}
