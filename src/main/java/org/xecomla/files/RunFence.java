package org.xecomla.files;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/**
 * The number of the driver that may write into a run's directory: {@value #FILE}, one more for every driver that takes
 * the run. Whoever has slept through the loss of its lease finds a greater one there before it finishes anything.
 *
 * @param directory of the run
 * @param number of one driver
 */
public record RunFence(Path directory, long number) implements Serializable {
    public static final String FILE = "_FENCE";

    /** The number after all that the run has seen; not written yet. */
    static RunFence next(Path directory, long seen) {
        return new RunFence(directory, Math.max(seen, current(directory)) + 1);
    }

    /** What cannot be read stands for no driver. */
    private static long current(Path directory) {
        try {
            Path file = new Path(directory, FILE);
            return DataFiles.exists(file)
                    ? Long.parseLong(DataFiles.readString(file).strip())
                    : 0;
        } catch (NumberFormatException | UserException e) {
            return 0;
        }
    }

    void write() {
        DataFiles.writeString(new Path(directory, FILE), number + "\n");
    }

    /** Whether a later driver has taken the run. */
    public boolean isPassed() {
        return current(directory) > number;
    }
}
