package org.xecomla.files;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/**
 * The output directory of a stage: {@code manifest.json} is written first with what was asked, {@code _SUCCESS},
 * with the manifest's digest, last.
 * That is what makes a stage safe to run again: complete and matching output is kept, a part is gone on with, another
 * configuration's output is refused.
 */
public final class StageDirectory {
    public static final String MANIFEST = "manifest.json";
    public static final String SUCCESS = "_SUCCESS";

    /** With this begins the name of a directory that was found damaged and is kept for whoever asks why. */
    public static final String SET_ASIDE = "damaged-";

    /** What is there already. */
    public enum State {
        /** Nothing: call {@link #begin}. */
        ABSENT,
        /** Some of what is asked for: make what is missing. */
        PARTIAL,
        /** All that is asked for: nothing to do. */
        COMPLETE
    }

    private final Path path;

    public StageDirectory(Path path) {
        this.path = path;
    }

    public Path path() {
        return path;
    }

    /** A file or directory in this one. */
    public Path file(String name) {
        return new Path(path, name);
    }

    /**
     * The text of a small file in this directory itself, before the stage has finished or after it.
     *
     * @throws UserException where it is not what the stage wrote
     */
    public String readString(String name) {
        return isComplete() ? SealedFiles.of(path).readString(file(name)) : readAgain(file(name));
    }

    /**
     * The text of a small file that a stage has written and reads again before it has finished.
     *
     * @throws UserException where it is not what was written, as far as that is known
     */
    public static String readAgain(Path file) {
        byte[] bytes = DataFiles.readBytes(file);
        MeantDigest.of(file, bytes.length).ifPresent(meant -> {
            if (!meant.sha256().equals(DataFiles.sha256(bytes))) {
                throw new UserException(DataFiles.display(file) + " is not what was written: look at that disk and at"
                        + " this machine's memory, then run again");
            }
        });
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Whether the stage has finished, whatever was asked of it. */
    public boolean isComplete() {
        return DataFiles.exists(file(SUCCESS)) && DataFiles.exists(file(MANIFEST));
    }

    /** @throws UserException where there is none, or it is not what the finished stage wrote */
    public Manifest manifest() {
        if (!DataFiles.exists(file(MANIFEST))) {
            throw new UserException(DataFiles.display(path) + " has no " + MANIFEST
                    + ": it is not the output of a stage, or the stage has not started");
        }
        return Manifest.parse(file(MANIFEST), sealedText(seal()));
    }

    /** SHA-256 of the manifest, which stands for all that the stage has made. */
    public String digest() {
        return DataFiles.sha256(sealedText(seal()).getBytes(StandardCharsets.UTF_8));
    }

    /** The manifest as it is, compared with what {@link #SUCCESS} says of it: the one proves the other. */
    private String sealedText(Seal seal) {
        String text = DataFiles.readString(file(MANIFEST));
        if (!seal.digest.isEmpty() && !seal.digest.equals(DataFiles.sha256(text.getBytes(StandardCharsets.UTF_8)))) {
            throw new UserException(DataFiles.display(file(MANIFEST)) + " is not what was written, says " + SUCCESS
                    + " beside it: remove " + DataFiles.display(path) + " and run again");
        }
        return text;
    }

    /**
     * What {@link #SUCCESS} says.
     *
     * @param digest of the manifest; empty: nothing is said of it
     * @param fence number of the driver that has finished the stage, {@link RunFence}; 0: none has a number
     */
    private record Seal(String digest, long fence) {
        private static final Seal NONE = new Seal("", 0);
        private static final Pattern TEXT = Pattern.compile("([0-9a-f]{64})(?: fence (\\d{1,18}))?\\s*");

        String text() {
            return digest + (fence > 0 ? " fence " + fence : "") + "\n";
        }
    }

    private Seal seal() {
        String text = DataFiles.exists(file(SUCCESS)) ? DataFiles.readString(file(SUCCESS)) : "";
        if (text.isBlank()) {
            return Seal.NONE; // not finished, or by a version before
        }
        Matcher seal = Seal.TEXT.matcher(text);
        if (!seal.matches()) {
            throw new UserException(DataFiles.display(file(SUCCESS)) + " is damaged: remove " + DataFiles.display(path)
                    + " and run again");
        }
        return new Seal(seal.group(1), seal.group(2) == null ? 0 : Long.parseLong(seal.group(2)));
    }

    /**
     * A number that the stage has counted.
     *
     * @throws UserException where its manifest does not say it
     */
    public long count(String name) {
        Long count = manifest().counts().get(name);
        if (count == null) {
            throw new UserException(DataFiles.display(file(MANIFEST)) + " does not say how many " + name
                    + " there are: remove the directory and run its stage again");
        }
        return count;
    }

    /**
     * The manifest of a finished input.
     *
     * @throws UserException where the stage that makes it has not finished, or made something else
     */
    public Manifest requireComplete(String kind) {
        Manifest manifest = manifest();
        if (!manifest.kind().equals(kind)) {
            throw new UserException(DataFiles.display(path) + " holds " + manifest.kind() + ", not " + kind);
        }
        if (!isComplete()) {
            throw new UserException(DataFiles.display(path) + " is not complete: it has no " + SUCCESS
                    + ", run the stage that makes it again");
        }
        return manifest;
    }

    /**
     * Compares what is there with what is asked.
     *
     * @throws UserException where it is the output of another configuration (names the keys that differ), no output of
     *     a stage at all, or marked complete with files missing
     */
    public State examine(Manifest asked) {
        if (!DataFiles.exists(file(MANIFEST))) {
            if (DataFiles.exists(path) && !DataFiles.list(path).isEmpty()) {
                throw new UserException(DataFiles.display(path) + " is not empty and no output of a stage (it has no "
                        + MANIFEST + "): remove it or choose another directory");
            }
            return State.ABSENT;
        }
        Manifest there = manifest();
        List<String> differences = there.differences(asked);
        if (!differences.isEmpty()) {
            throw new UserException(DataFiles.display(path) + " was made by another configuration: "
                    + String.join("; ", differences) + ": remove it or choose another directory");
        }
        if (!isComplete()) {
            return State.PARTIAL;
        }
        there.files().forEach(this::requireFile);
        return State.COMPLETE;
    }

    private void requireFile(String name, Manifest.FileEntry entry) {
        Path child = file(name);
        boolean there = DataFiles.exists(child);
        if (!there || DataFiles.length(child) != entry.bytes()) {
            throw new UserException(DataFiles.display(child)
                    + (there ? " does not have the " + entry.bytes() + " bytes of its manifest" : " is missing")
                    + ", though " + DataFiles.display(path)
                    + " is marked complete: remove the directory and run again");
        }
    }

    /** Makes the directory and writes what is asked. */
    public void begin(Manifest asked) {
        asked.finished(Map.of(), Map.of()).write(file(MANIFEST));
    }

    /** {@link #examine}, and {@link #begin} where nothing is there. */
    public State prepare(Manifest asked) {
        State state = examine(asked);
        if (state == State.ABSENT) {
            begin(asked);
        }
        return state;
    }

    /**
     * Marks the directory complete, with length and digest of every file in it and below, as its writer meant it to
     * be; what killed tasks have left half-written is removed, and what was set aside as damaged is no part of it.
     *
     * @param asked what it was begun with, as it is known and not as it is read again
     */
    public void complete(Manifest asked, Map<String, Long> counts) {
        complete(asked, counts, Optional.empty());
    }

    /**
     * As {@link #complete(Manifest, Map)}, by a driver among others.
     *
     * @param fence of the driver, which the output carries from then on
     * @throws UserException where a later driver has finished the stage
     */
    public void complete(Manifest asked, Map<String, Long> counts, Optional<RunFence> fence) {
        Map<String, Manifest.FileEntry> files = new TreeMap<>();
        collectMeant(path, "", files);
        deleteUnfinished(path);
        seal(asked.finished(counts, files), fence);
    }

    /** Marks the directory complete. {@code files} may leave out what needs no check. */
    public void complete(Manifest asked, Map<String, Long> counts, Map<String, Manifest.FileEntry> files) {
        seal(asked.finished(counts, files), Optional.empty());
    }

    private void seal(Manifest finished, Optional<RunFence> fence) {
        long number = fence.map(RunFence::number).orElse(0L);
        long there = seal().fence;
        if (fence.isPresent() && there > number) {
            throw new UserException(DataFiles.display(path) + " was finished by a later driver of this run (number "
                    + there + ", this is " + number + "): nothing of it is replaced");
        }
        String digest = finished.write(file(MANIFEST));
        DataFiles.writeString(file(SUCCESS), new Seal(digest, number).text());
    }

    /**
     * Reads every file again and compares it with the manifest.
     *
     * @throws UserException naming the files that differ
     */
    public void verify() {
        Map<String, Manifest.FileEntry> there = new TreeMap<>();
        collectFound(path, "", there);
        String broken = manifest().files().entrySet().stream()
                .filter(expected -> !expected.getValue().equals(there.get(expected.getKey())))
                .map(Map.Entry::getKey)
                .collect(Collectors.joining(", "));
        if (!broken.isEmpty()) {
            throw new UserException(DataFiles.display(path) + ": missing, or not what its manifest says: " + broken);
        }
    }

    /** Every finished stage's directory at or below {@code directory}, by name. */
    public static List<StageDirectory> finishedBelow(Path directory) {
        List<StageDirectory> found = new ArrayList<>();
        StageDirectory own = new StageDirectory(directory);
        if (own.isComplete()) {
            found.add(own);
        }
        for (Path child : DataFiles.list(directory)) {
            if (DataFiles.isDirectory(child)) {
                found.addAll(finishedBelow(child));
            }
        }
        return found;
    }

    private static void deleteUnfinished(Path directory) {
        DataFiles.deleteUnfinished(directory);
        DataFiles.list(directory).stream().filter(DataFiles::isDirectory).forEach(StageDirectory::deleteUnfinished);
    }

    /** What lies there now. */
    private static Manifest.FileEntry found(Path file) {
        return new Manifest.FileEntry(DataFiles.length(file), DataFiles.sha256(file));
    }

    private static void collectFound(Path directory, String prefix, Map<String, Manifest.FileEntry> entries) {
        for (Path child : DataFiles.list(directory)) {
            String name = prefix + child.getName();
            if (DataFiles.isDirectory(child)) {
                collectFound(child, name + "/", entries);
            } else if (!name.equals(MANIFEST) && !name.equals(SUCCESS)) {
                entries.put(name, found(child));
            }
        }
    }

    /** As {@link #collectFound}, from what was noted when it was written, where that is known. */
    private static void collectMeant(Path directory, String prefix, Map<String, Manifest.FileEntry> entries) {
        for (Path child : DataFiles.list(directory)) {
            String name = prefix + child.getName();
            if (!DataFiles.isDirectory(child)) {
                if (!name.equals(MANIFEST) && !name.equals(SUCCESS)) {
                    entries.put(
                            name, MeantDigest.of(child, DataFiles.length(child)).orElseGet(() -> found(child)));
                }
            } else if (!child.getName().startsWith(SET_ASIDE)
                    && !new StageDirectory(child).collectSealed(name + "/", entries)) {
                collectMeant(child, name + "/", entries);
            }
        }
    }

    /** A finished directory within, such as a checkpoint, knows its files; false where it is none that is sealed. */
    private boolean collectSealed(String prefix, Map<String, Manifest.FileEntry> entries) {
        Seal seal = isComplete() ? seal() : Seal.NONE;
        if (seal.digest.isEmpty()) {
            return false;
        }
        String text = sealedText(seal);
        Manifest.parse(file(MANIFEST), text).files().forEach((name, entry) -> entries.put(prefix + name, entry));
        entries.put(prefix + MANIFEST, entry(text));
        entries.put(prefix + SUCCESS, entry(seal.text()));
        return true;
    }

    private static Manifest.FileEntry entry(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new Manifest.FileEntry(bytes.length, DataFiles.sha256(bytes));
    }
}
