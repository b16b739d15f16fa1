package org.xecomla.files;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;

/**
 * Files that are read now and then, of which at most {@value #MAX_OPEN} are open at once: a corpus has thousands of
 * shards, and processes may have few descriptors. What has not been used for longest is closed and opened again when it
 * is. Thread-safe.
 */
final class ReaderPool implements AutoCloseable {
    static final int MAX_OPEN = 128;

    private final Map<Path, Shared> open = new LinkedHashMap<>(16, 0.75f, true);

    /** An open file and how many are reading it. */
    private static final class Shared {
        private final RandomReader reader;
        private int users;

        Shared(RandomReader reader) {
            this.reader = reader;
        }
    }

    /** The file, open when it is read; closing it is the pool's. */
    RandomReader reader(Path path) {
        long length = DataFiles.length(path);
        return new RandomReader() {
            @Override
            public Path path() {
                return path;
            }

            @Override
            public long length() {
                return length;
            }

            @Override
            public void readFully(long position, byte[] buffer, int offset, int count) {
                use(path, file -> file.readFully(position, buffer, offset, count));
            }

            @Override
            public void readFully(long position, ByteBuffer target) {
                use(path, file -> file.readFully(position, target));
            }

            @Override
            public void close() {
                // Others may be reading the same file.
            }
        };
    }

    private void use(Path path, Consumer<RandomReader> reading) {
        Shared shared = take(path);
        try {
            reading.accept(shared.reader);
        } finally {
            giveBack(shared);
        }
    }

    private synchronized Shared take(Path path) {
        Shared shared = open.get(path);
        if (shared == null) {
            closeOldest();
            shared = new Shared(DataFiles.open(path));
            open.put(path, shared);
        }
        shared.users++;
        return shared;
    }

    private synchronized void giveBack(Shared shared) {
        shared.users--;
    }

    private void closeOldest() {
        var eldest = open.values().iterator();
        while (open.size() >= MAX_OPEN && eldest.hasNext()) {
            Shared shared = eldest.next();
            if (shared.users == 0) {
                eldest.remove();
                shared.reader.close();
            }
        }
    }

    @Override
    public synchronized void close() {
        open.values().forEach(shared -> shared.reader.close());
        open.clear();
    }
}
