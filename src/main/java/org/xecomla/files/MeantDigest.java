package org.xecomla.files;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/**
 * What a file was meant to be: length and digest, taken of what its writer wrote and not of what came to lie on the
 * disk. Beside every file that a stage writes stands a small one with both, {@code .NAME.meant.tmp}, until the stage
 * is complete and its manifest holds them; so tasks of several processes need not tell each other.
 */
final class MeantDigest {
    private static final String SEPARATOR = " ";

    private MeantDigest() {}

    /** Passes on what is written, and digests it. */
    static final class Stream extends FilterOutputStream {
        private final MessageDigest digest = DataFiles.newSha256();
        private long bytes;

        Stream(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) throws IOException {
            digest.update((byte) b);
            bytes++;
            out.write(b);
        }

        @Override
        public void write(byte[] source, int offset, int length) throws IOException {
            digest.update(source, offset, length);
            bytes += length;
            out.write(source, offset, length);
        }

        /** Of all that was written; once. */
        Manifest.FileEntry entry() {
            return new Manifest.FileEntry(bytes, HexFormat.of().formatHex(digest.digest()));
        }
    }

    private static Path place(Path file) {
        return new Path(file.getParent(), "." + file.getName() + ".meant.tmp");
    }

    /**
     * Notes what {@code file} is to be, where it is of a stage, which has a manifest by then. A driver that overslept
     * its lease may still write into a stage that another has finished: it adds nothing to it, neither a file nor a
     * note, which nobody would take away.
     *
     * @throws UserException where the stage is finished and has no such file
     */
    static void note(FileSpace space, Path file, Manifest.FileEntry meant) throws IOException {
        String name = file.getName();
        if (name.equals(StageDirectory.MANIFEST) || name.equals(StageDirectory.SUCCESS)) {
            return;
        }
        Optional<Path> stage = stage(space, file.getParent());
        if (stage.isEmpty()) {
            return;
        }
        if (space.exists(new Path(stage.get(), StageDirectory.SUCCESS))) {
            if (!space.exists(file)) {
                throw new UserException(DataFiles.display(stage.get()) + " is finished, and takes no " + name
                        + " any more: another driver has finished it meanwhile, or it is no place for other files");
            }
            return;
        }
        String text = meant.bytes() + SEPARATOR + meant.sha256();
        try (OutputStream out = space.create(place(file))) {
            out.write((text + SEPARATOR + checksum(text)).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** The stage's directory that it is, or is in: metrics lie there until they are joined. */
    private static Optional<Path> stage(FileSpace space, Path directory) throws IOException {
        for (Path stage : List.of(directory, directory.getParent())) {
            if (space.exists(new Path(stage, StageDirectory.MANIFEST))) {
                return Optional.of(stage);
            }
        }
        return Optional.empty();
    }

    /** What was noted of {@code file}, which is {@code bytes} long; empty where nothing whole was. */
    static Optional<Manifest.FileEntry> of(Path file, long bytes) {
        if (!DataFiles.exists(place(file))) {
            return Optional.empty();
        }
        String[] parts;
        try {
            parts = DataFiles.readString(place(file)).split(SEPARATOR);
        } catch (UserException gone) {
            return Optional.empty();
        }
        boolean whole =
                parts.length == 3 && checksum(parts[0] + SEPARATOR + parts[1]).equals(parts[2]);
        return whole && parts[0].equals(Long.toString(bytes))
                ? Optional.of(new Manifest.FileEntry(bytes, parts[1]))
                : Optional.empty();
    }

    private static String checksum(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(crc.getValue());
    }
}
