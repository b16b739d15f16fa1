package org.xecomla.files;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/**
 * The files of a finished directory, held against the digests of its manifest while they are read. Files of directories
 * that are not finished, or not ours, and files that the manifest does not know, are read as they are; those that a run
 * has read before are held against what it then found, wherever they are read as a whole. Thread-safe.
 */
public final class SealedFiles {
    private static final int BUFFER_BYTES = 1 << 20;

    private final Map<String, Manifest.FileEntry> entries;
    private final boolean found; // digests are fingerprints, of what nobody sealed
    private final Set<String> sound = ConcurrentHashMap.newKeySet();

    private SealedFiles(Map<String, Manifest.FileEntry> entries, boolean found) {
        this.entries = entries;
        this.found = found;
    }

    /** Files of others, as they were when their {@link Fingerprints} were taken. */
    static SealedFiles asFound(Map<String, Manifest.FileEntry> fingerprints) {
        return new SealedFiles(fingerprints, true);
    }

    /** Those of {@code directory} itself. */
    public static SealedFiles of(Path directory) {
        StageDirectory stage = new StageDirectory(directory);
        return new SealedFiles(stage.isComplete() ? stage.manifest().files() : Map.of(), false);
    }

    /**
     * A reader of {@code file} that compares what it reads, where it reads from the first byte to the last: what is
     * passed over it reads for itself, what is read again it does not look at again. Closing it reads the rest.
     *
     * @return its {@link RandomReader#close} throws a {@link UserException} where the file is not what was written
     */
    public RandomReader comparing(Path file) {
        Manifest.FileEntry entry = entries.get(file.getName());
        RandomReader reader = DataFiles.open(file);
        return entry == null || sound.contains(file.getName()) ? reader : new ComparingReader(reader, entry);
    }

    /**
     * Reads {@code file} to its end and compares it, unless that was done before, or would be a second reading of what
     * others have made.
     *
     * @throws UserException where it is not what was written
     */
    public void requireSound(Path file) {
        if (!found && entries.containsKey(file.getName()) && !sound.contains(file.getName())) {
            comparing(file).close();
        }
    }

    /**
     * The text of a small file.
     *
     * @throws UserException where it is not what was written
     */
    public String readString(Path file) {
        byte[] bytes = DataFiles.readBytes(file);
        Manifest.FileEntry entry = entries.get(file.getName());
        if (!found && entry != null && !entry.sha256().equals(DataFiles.sha256(bytes))) {
            throw damaged(file);
        }
        return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    }

    private UserException damaged(Path file) {
        if (found) {
            return new UserException(
                    DataFiles.display(file) + " is not what this run has found there before, though its"
                            + " length and time are the same: it is damaged. Copy it again from where it came");
        }
        return new UserException(DataFiles.display(file) + " is not what was written, says " + StageDirectory.MANIFEST
                + " beside it: remove " + DataFiles.display(file.getParent())
                + " and run again, or that manifest if you have changed the file yourself");
    }

    /** Digests what comes by in order. */
    private final class ComparingReader implements RandomReader {
        private final RandomReader reader;
        private final Manifest.FileEntry entry;
        private final MessageDigest digest = DataFiles.newSha256();
        private long digested; // bytes from the start

        ComparingReader(RandomReader reader, Manifest.FileEntry entry) {
            this.reader = reader;
            this.entry = entry;
            if (found) {
                digest.update(Fingerprints.prefix(reader.length()));
            }
        }

        @Override
        public Path path() {
            return reader.path();
        }

        @Override
        public long length() {
            return reader.length();
        }

        @Override
        public void readFully(long position, byte[] buffer, int offset, int length) {
            readFully(position, ByteBuffer.wrap(buffer, offset, length));
        }

        @Override
        public synchronized void readFully(long position, ByteBuffer target) {
            ByteBuffer read = target.duplicate();
            reader.readFully(position, target);
            if (position > digested) {
                digestTo(position);
            }
            if (position + read.remaining() > digested) {
                read.position(read.position() + (int) (digested - position));
                digested += read.remaining();
                digest.update(read);
            }
        }

        private void digestTo(long end) {
            byte[] block = new byte[(int) Math.min(BUFFER_BYTES, end - digested)];
            while (digested < end) {
                int count = (int) Math.min(block.length, end - digested);
                reader.readFully(digested, block, 0, count);
                digest.update(block, 0, count);
                digested += count;
            }
        }

        @Override
        public synchronized void close() {
            try (reader) {
                digestTo(reader.length());
            }
            String found = HexFormat.of().formatHex(digest.digest());
            if (!found.equals(entry.sha256())) {
                throw damaged(reader.path());
            }
            sound.add(reader.path().getName());
        }
    }
}
