package org.xecomla.files;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
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
     * The text of a small file in this directory itself.
     *
     * @throws UserException where the stage has finished and it is not what the stage wrote
     */
    public String readString(String name) {
        return SealedFiles.of(path).readString(file(name));
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
        return Manifest.parse(file(MANIFEST), sealedText());
    }

    /** SHA-256 of the manifest, which stands for all that the stage has made. */
    public String digest() {
        return DataFiles.sha256(sealedText().getBytes(StandardCharsets.UTF_8));
    }

    /** The manifest as it is, compared with what {@link #SUCCESS} says of it. */
    private String sealedText() {
        String text = DataFiles.readString(file(MANIFEST));
        if (!DataFiles.exists(file(SUCCESS))) {
            return text;
        }
        String seal = DataFiles.readString(file(SUCCESS)).strip(); // versions before have left it empty
        if (!seal.isEmpty() && !seal.equals(DataFiles.sha256(text.getBytes(StandardCharsets.UTF_8)))) {
            throw new UserException(DataFiles.display(file(MANIFEST)) + " is not what was written, says " + SUCCESS
                    + " beside it: remove " + DataFiles.display(path) + " and run again");
        }
        return text;
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
     * be; what killed tasks have left half-written is removed.
     */
    public void complete(Map<String, Long> counts) {
        Map<String, Manifest.FileEntry> files = entries(StageDirectory::meant);
        deleteUnfinished(path);
        complete(counts, files);
    }

    /** Marks the directory complete. {@code files} may leave out what needs no check. */
    public void complete(Map<String, Long> counts, Map<String, Manifest.FileEntry> files) {
        String digest = manifest().finished(counts, files).write(file(MANIFEST));
        DataFiles.writeString(file(SUCCESS), digest + "\n");
    }

    /**
     * Reads every file again and compares it with the manifest.
     *
     * @throws UserException naming the files that differ
     */
    public void verify() {
        Map<String, Manifest.FileEntry> there = entries(StageDirectory::found);
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

    private static Manifest.FileEntry meant(Path file) {
        return MeantDigest.of(file, DataFiles.length(file)).orElseGet(() -> found(file));
    }

    private Map<String, Manifest.FileEntry> entries(Function<Path, Manifest.FileEntry> look) {
        Map<String, Manifest.FileEntry> entries = new TreeMap<>();
        collect(path, "", look, entries);
        return entries;
    }

    private void collect(
            Path directory,
            String prefix,
            Function<Path, Manifest.FileEntry> look,
            Map<String, Manifest.FileEntry> entries) {
        for (Path child : DataFiles.list(directory)) {
            String name = prefix + child.getName();
            if (DataFiles.isDirectory(child)) {
                collect(child, name + "/", look, entries);
            } else if (!name.equals(MANIFEST) && !name.equals(SUCCESS)) {
                entries.put(name, look.apply(child));
            }
        }
    }
}
