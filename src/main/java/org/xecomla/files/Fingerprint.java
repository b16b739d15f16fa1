package org.xecomla.files;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * Identity of a stage's input, quick enough to be taken at every start: teachers are tens of gigabytes.
 *
 * <p>A file: SHA-256 of its length and contents; of a file above 64 MiB, {@value #NUM_SAMPLES} blocks of one MiB spread
 * evenly from the first to the last stand for the contents. A stage's output: its manifest, which holds the digests of
 * its files.
 * Another directory: the names and fingerprints of the files in it, without hidden ones and those that only explain
 * (.md).
 */
public final class Fingerprint {
    private static final int NUM_SAMPLES = 64;
    private static final int SAMPLE_BYTES = 1 << 20;

    private Fingerprint() {}

    /** In hexadecimal. */
    public static String of(Path path) {
        if (!DataFiles.isDirectory(path)) {
            return ofFile(path);
        }
        Path manifest = new Path(path, StageDirectory.MANIFEST);
        return DataFiles.exists(manifest) ? DataFiles.sha256(manifest) : ofDirectory(path);
    }

    private static String ofFile(Path path) {
        MessageDigest digest = DataFiles.newSha256();
        try (RandomReader reader = DataFiles.open(path)) {
            long length = reader.length();
            digest.update(Long.toString(length).getBytes(StandardCharsets.UTF_8));
            boolean whole = length <= (long) NUM_SAMPLES * SAMPLE_BYTES;
            long numBlocks = whole ? (length + SAMPLE_BYTES - 1) / SAMPLE_BYTES : NUM_SAMPLES;
            byte[] block = new byte[SAMPLE_BYTES];
            for (long i = 0; i < numBlocks; i++) {
                long at = whole ? i * SAMPLE_BYTES : (length - SAMPLE_BYTES) * i / (NUM_SAMPLES - 1);
                int count = (int) Math.min(SAMPLE_BYTES, length - at);
                reader.readFully(at, block, 0, count);
                digest.update(block, 0, count);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String ofDirectory(Path directory) {
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
