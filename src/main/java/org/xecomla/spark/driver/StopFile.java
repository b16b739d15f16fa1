package org.xecomla.spark.driver;

import java.io.Serializable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.DataFiles;

/**
 * How the driver asks running replicas to save and end: by a file, since a task hears of nothing but its cancellation.
 * Its name holds the application's, so that nobody obeys what an earlier driver has left.
 */
public record StopFile(Path path) implements Serializable {
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final String PREFIX = "_STOP-";

    static StopFile of(Path directory, String appId) {
        return new StopFile(new Path(directory, PREFIX + appId));
    }

    /** Removes those that earlier drivers of the run have left. */
    static void deleteAll(Path directory) {
        DataFiles.list(directory).stream()
                .filter(file -> file.getName().startsWith(PREFIX))
                .forEach(DataFiles::delete);
    }

    void write() {
        DataFiles.writeString(path, "");
    }

    void delete() {
        DataFiles.delete(path);
    }

    /** Tells whether it has been written; looks at most once a second. */
    public BooleanSupplier poll() {
        return new BooleanSupplier() {
            private long next = System.nanoTime();

            @Override
            public boolean getAsBoolean() {
                long now = System.nanoTime();
                if (now - next < 0) {
                    return false;
                }
                next = now + INTERVAL_NANOS;
                return DataFiles.exists(path);
            }
        };
    }
}
