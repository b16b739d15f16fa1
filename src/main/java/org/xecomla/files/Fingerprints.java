package org.xecomla.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/**
 * Identities of what stages are made from. A file: SHA-256 of its length and all of its contents. A stage's output: its
 * manifest, which holds the digests of its files. Another directory: the names and fingerprints of the files in it,
 * without hidden ones and those that only explain (.md).
 *
 * <p>Teachers are tens of gigabytes, and every start asks: what was read once stands in {@value #FILE} of the run's
 * directory, and is believed as long as length and time of the file are the same. A file that has just been written is
 * read again, since another change might fall into the same tick of its clock.
 */
public final class Fingerprints {
    /** Of the run's directory; may be deleted at any time. */
    public static final String FILE = "_FINGERPRINTS.json";

    private static final JsonMapper JSON = new JsonMapper();
    private static final int BUFFER_BYTES = 1 << 20;
    private static final long SETTLED_MILLIS = 5_000;
    private static final long LEAST_KEPT_BYTES = 1 << 24; // what is smaller is read as fast

    private final Optional<Path> cache;
    private final Map<String, Known> known;

    /** A file as it was when it was read. */
    record Known(long bytes, long modified, String fingerprint) {
        boolean isOf(long length, long time) {
            return bytes == length && modified == time && fingerprint != null;
        }
    }

    private Fingerprints(Optional<Path> cache) {
        this.cache = cache;
        this.known = new TreeMap<>(cache.map(Fingerprints::read).orElse(Map.of()));
    }

    /** Those that the run in {@code directory} has taken before, and more. */
    public static Fingerprints ofRun(Path directory) {
        return new Fingerprints(Optional.of(new Path(directory, FILE)));
    }

    /**
     * The files of {@code directory}: of a stage's output against its manifest; of another against what the run in
     * {@code run} has found there before, as long as their lengths and times are what they were.
     */
    public static SealedFiles sealed(Path run, Path directory) {
        Map<String, Known> known = read(new Path(run, FILE));
        if (known.isEmpty() || DataFiles.exists(new Path(directory, StageDirectory.MANIFEST))) {
            return SealedFiles.of(directory);
        }
        Map<String, Manifest.FileEntry> entries = new TreeMap<>();
        for (Path file : DataFiles.list(directory)) {
            Known before = known.get(file.toString());
            if (before != null && before.isOf(DataFiles.length(file), DataFiles.modified(file))) {
                entries.put(file.getName(), new Manifest.FileEntry(before.bytes, before.fingerprint));
            }
        }
        return SealedFiles.asFound(entries);
    }

    /** Nothing is known, and nothing kept. */
    public static Fingerprints anew() {
        return new Fingerprints(Optional.empty());
    }

    /** What cannot be read is as good as not there. */
    private static Map<String, Known> read(Path file) {
        try {
            return DataFiles.exists(file)
                    ? JSON.readValue(DataFiles.readString(file), new TypeReference<Map<String, Known>>() {})
                    : Map.of();
        } catch (JsonProcessingException | UserException e) {
            return Map.of();
        }
    }

    /** In hexadecimal. */
    public synchronized String of(Path path) {
        if (!DataFiles.isDirectory(path)) {
            return ofFile(path);
        }
        Path manifest = new Path(path, StageDirectory.MANIFEST);
        return DataFiles.exists(manifest) ? new StageDirectory(path).digest() : ofDirectory(path);
    }

    private String ofFile(Path path) {
        long length = DataFiles.length(path);
        long modified = DataFiles.modified(path);
        Known before = known.get(path.toString());
        if (before != null && before.isOf(length, modified)) {
            return before.fingerprint;
        }
        String found = digest(path, length);
        boolean settled = System.currentTimeMillis() - modified > SETTLED_MILLIS;
        if (length >= LEAST_KEPT_BYTES && settled) {
            known.put(path.toString(), new Known(length, modified, found));
            cache.ifPresent(this::write);
        }
        return found;
    }

    private void write(Path file) {
        try {
            DataFiles.writeString(file, JSON.writeValueAsString(known) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of strings and numbers is always JSON", e);
        }
    }

    private static String digest(Path path, long length) {
        MessageDigest digest = DataFiles.newSha256();
        digest.update(prefix(length));
        try (InputStream in = DataFiles.openStream(path)) {
            byte[] block = new byte[BUFFER_BYTES];
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                digest.update(block, 0, count);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(DataFiles.display(path) + ": " + e.getMessage(), e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** What is digested before the contents of a file. */
    static byte[] prefix(long length) {
        return Long.toString(length).getBytes(StandardCharsets.UTF_8);
    }

    private String ofDirectory(Path directory) {
        List<String> lines = DataFiles.list(directory).stream()
                .filter(child ->
                        !child.getName().startsWith(".") && !child.getName().endsWith(".md"))
                .filter(child -> !DataFiles.isDirectory(child))
                .map(child -> child.getName() + " " + ofFile(child) + "\n")
                .toList();
        byte[] text = String.join("", lines).getBytes(StandardCharsets.UTF_8);
        return HexFormat.of().formatHex(DataFiles.newSha256().digest(text));
    }
}
