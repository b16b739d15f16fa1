package org.xecomla.files;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.UserException;

/**
 * The shards of one directory as one run of numbered records. Every shard says how many there must be, so that a directory
 * that lacks one is refused when it is opened; the shards themselves are opened when they are first read. Thread-safe.
 */
public final class ShardDirectory implements AutoCloseable {
    private final Path directory;
    private final ShardHeader first;
    private final Map<Integer, ShardReader> readers = new ConcurrentHashMap<>();

    private ShardDirectory(Path directory, ShardReader first) {
        this.directory = directory;
        this.first = first.header();
        readers.put(0, first);
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
        ShardReader reader = ShardReader.open(firstFile);
        int numShards = reader.header().plan().numShards();
        var present = DataFiles.list(directory).stream().map(Path::getName).collect(Collectors.toSet());
        for (int i = 0; i < numShards; i++) {
            String name = file(directory, kind, i).getName();
            if (!present.contains(name)) {
                reader.close();
                throw new UserException(DataFiles.display(directory) + " is incomplete: " + name + " of " + numShards
                        + " shards is missing; run its stage again, it goes on where it stopped");
            }
        }
        return new ShardDirectory(directory, reader);
    }

    /**
     * Whether {@code file} is a sound shard with exactly this header: its stage need not write it again. Only header and
     * index are read; {@link ShardReader#verify} reads all.
     */
    public static boolean isComplete(Path file, ShardHeader header) {
        if (!DataFiles.exists(file)) {
            return false;
        }
        try (ShardReader reader = ShardReader.open(file)) {
            return reader.header().equals(header);
        } catch (UserException damaged) {
            return false;
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
        return Integer.parseInt(setting(key));
    }

    public ShardReader shard(int shard) {
        return readers.computeIfAbsent(shard, this::openShard);
    }

    private ShardReader openShard(int shard) {
        Path file = file(directory, first.kind(), shard);
        ShardReader reader = ShardReader.open(file);
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
        Map<String, String> a = new TreeMap<>(wanted.settings());
        Map<String, String> b = new TreeMap<>(found.settings());
        a.entrySet().removeIf(entry -> entry.getValue().equals(found.settings().get(entry.getKey())));
        b.entrySet().removeIf(entry -> entry.getValue().equals(wanted.settings().get(entry.getKey())));
        return a.isEmpty() && b.isEmpty()
                ? "shard " + found.shard() + " of " + found.plan() + ", not " + wanted.shard() + " of " + wanted.plan()
                : b + ", not " + a;
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
        readers.values().forEach(ShardReader::close);
    }
}
