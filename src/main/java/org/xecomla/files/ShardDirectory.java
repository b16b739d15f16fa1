package org.xecomla.files;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/**
 * The shards of one directory as one run of numbered records. Every shard says how many there must be, so that a
 * directory that lacks one is refused when it is opened; the shards themselves are looked at when they are first read,
 * and not all of them are open at once. Thread-safe.
 */
public final class ShardDirectory implements AutoCloseable {
    /** Files that one directory holds open at most. */
    public static final int MAX_OPEN = ReaderPool.MAX_OPEN;

    private final Path directory;
    private final ShardHeader first;
    private final ReaderPool files;
    private final Map<Integer, ShardReader> readers = new ConcurrentHashMap<>();

    private ShardDirectory(Path directory, ShardReader first, ReaderPool files) {
        this.directory = directory;
        this.files = files;
        this.first = first.header();
        readers.put(first.header().shard(), first);
    }

    /** File of shard {@code shard}: tokens-00007.shard. */
    public static Path file(Path directory, String kind, int shard) {
        return new Path(directory, String.format(Locale.ROOT, "%s-%05d.shard", kind, shard));
    }

    /**
     * Opens the shards of {@code kind} in {@code directory}.
     *
     * @throws UserException where there are none, or one is missing
     */
    public static ShardDirectory open(Path directory, String kind) {
        Path firstFile = file(directory, kind, 0);
        if (!DataFiles.exists(firstFile)) {
            throw new UserException(
                    "no " + kind + " in " + DataFiles.display(directory) + ": there is no " + firstFile.getName());
        }
        ReaderPool files = new ReaderPool();
        ShardReader reader = ShardReader.open(files.reader(firstFile));
        int numShards = reader.header().plan().numShards();
        var present = DataFiles.list(directory).stream().map(Path::getName).collect(Collectors.toSet());
        for (int i = 0; i < numShards; i++) {
            String name = file(directory, kind, i).getName();
            if (!present.contains(name)) {
                files.close();
                throw new UserException(DataFiles.display(directory) + " is incomplete: " + name + " of " + numShards
                        + " shards is missing; run its stage again, it goes on where it stopped");
            }
        }
        return new ShardDirectory(directory, reader, files);
    }

    /**
     * One shard alone: only its records can be read, and the others need not be there.
     *
     * @throws UserException where it is missing or damaged
     */
    public static ShardDirectory openShard(Path directory, String kind, int shard) {
        ReaderPool files = new ReaderPool();
        return new ShardDirectory(directory, ShardReader.open(files.reader(file(directory, kind, shard))), files);
    }

    /**
     * Whether {@code file} is a sound shard with exactly this header: its stage need not write it again. Only header
     * and index are read; {@link ShardReader#verify} reads all.
     */
    public static boolean isComplete(Path file, ShardHeader header) {
        return soundHeader(file).filter(header::equals).isPresent();
    }

    /**
     * As {@link #isComplete}, for stages whose inputs may have been exchanged behind their back.
     *
     * @throws UserException where it is a sound shard with another header; names what differs, both ways
     */
    public static boolean isCompleteOrAbsent(Path file, ShardHeader header) {
        Optional<ShardHeader> found = soundHeader(file);
        if (found.isPresent() && !found.get().equals(header)) {
            throw new UserException(DataFiles.display(file) + " is of another run: " + difference(header, found.get())
                    + "; delete it, or choose another directory");
        }
        return found.isPresent();
    }

    /** Empty where there is no file, or a damaged one. */
    private static Optional<ShardHeader> soundHeader(Path file) {
        if (!DataFiles.exists(file)) {
            return Optional.empty();
        }
        try (ShardReader reader = ShardReader.open(file)) {
            return Optional.of(reader.header());
        } catch (UserException damaged) {
            return Optional.empty();
        }
    }

    public Path directory() {
        return directory;
    }

    public ShardPlan plan() {
        return first.plan();
    }

    /** What all shards have in common. */
    public Map<String, String> settings() {
        return first.settings();
    }

    /**
     * A setting that every shard of this kind has.
     *
     * @throws UserException where it is missing
     */
    public String setting(String key) {
        String value = first.settings().get(key);
        if (value == null) {
            throw new UserException("the shards in " + DataFiles.display(directory) + " do not say their " + key);
        }
        return value;
    }

    public int intSetting(String key) {
        try {
            return Integer.parseInt(setting(key));
        } catch (NumberFormatException e) {
            throw new UserException("the shards in " + DataFiles.display(directory) + " say that their " + key + " is "
                    + setting(key) + ", which is no number");
        }
    }

    public ShardReader shard(int shard) {
        return readers.computeIfAbsent(shard, this::openShard);
    }

    private ShardReader openShard(int shard) {
        Path file = file(directory, first.kind(), shard);
        ShardReader reader = ShardReader.open(files.reader(file));
        ShardHeader found = reader.header();
        ShardHeader wanted = new ShardHeader(
                first.kind(), first.plan(), shard, first.recordsPerBlock(), first.settings(), found.inputs());
        if (!found.equals(wanted)) {
            reader.close();
            throw new UserException(DataFiles.display(file) + " is of another run than shard 0: "
                    + difference(wanted, found) + "; delete the directory and run its stage again");
        }
        return reader;
    }

    private static String difference(ShardHeader wanted, ShardHeader found) {
        List<String> differences = new ArrayList<>();
        addDifferences(wanted.settings(), found.settings(), differences);
        addDifferences(wanted.inputs(), found.inputs(), differences);
        return differences.isEmpty()
                ? "shard " + found.shard() + " of " + found.plan() + " in blocks of " + found.recordsPerBlock()
                        + ", not " + wanted.shard() + " of " + wanted.plan() + " in blocks of "
                        + wanted.recordsPerBlock()
                : String.join("; ", differences);
    }

    private static void addDifferences(Map<String, String> wanted, Map<String, String> found, List<String> out) {
        SortedSet<String> keys = new TreeSet<>(wanted.keySet());
        keys.addAll(found.keySet());
        for (String key : keys) {
            if (!Objects.equals(wanted.get(key), found.get(key))) {
                out.add(key + " = " + found.get(key) + ", not " + wanted.get(key));
            }
        }
    }

    /** The record of sequence {@code sequence}. */
    public byte[] read(long sequence) {
        return shard(plan().shardOf(sequence)).read(sequence);
    }

    /** Digest of shard {@code shard}. */
    public String digest(int shard) {
        return shard(shard).digest();
    }

    /** Reads everything and compares every checksum. */
    public void verify() {
        for (int i = 0; i < plan().numShards(); i++) {
            shard(i).verify();
        }
    }

    @Override
    public void close() {
        files.close();
    }
}
