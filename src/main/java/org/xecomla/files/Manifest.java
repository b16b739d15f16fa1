package org.xecomla.files;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/**
 * What a stage's output directory is: {@code manifest.json}. Written first with what was asked for, and once more at
 * the end with what came out.
 *
 * @param kind what the directory holds: shards, targets, student-init, ...
 * @param formatVersion of the files of this kind
 * @param settings those settings of the run that decide what is written
 * @param revision of the sources that wrote it
 * @param inputs digests of what it was made from, by name
 * @param counts rows, tokens and the like, by name; empty until complete
 * @param files by their names relative to the directory; empty until complete
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record Manifest(
        String kind,
        int formatVersion,
        Map<String, String> settings,
        long seed,
        String revision,
        Map<String, String> inputs,
        Map<String, Long> counts,
        Map<String, FileEntry> files)
        implements Serializable {
    /** Length and SHA-256 of a file. */
    public record FileEntry(long bytes, String sha256) implements Serializable {}

    public Manifest {
        settings = sorted(settings);
        inputs = sorted(inputs);
        counts = sorted(counts);
        files = sorted(files);
    }

    /** What is asked for, before anything is written. */
    public static Manifest asked(
            String kind,
            int formatVersion,
            Map<String, String> settings,
            long seed,
            String revision,
            Map<String, String> inputs) {
        return new Manifest(kind, formatVersion, settings, seed, revision, inputs, Map.of(), Map.of());
    }

    /** The same request with what came out. */
    public Manifest finished(Map<String, Long> newCounts, Map<String, FileEntry> newFiles) {
        return new Manifest(kind, formatVersion, settings, seed, revision, inputs, newCounts, newFiles);
    }

    /** @throws UserException where it is missing or not a manifest */
    public static Manifest read(Path path) {
        return parse(path, DataFiles.readString(path));
    }

    /** The manifest that {@code path} holds as {@code text}. */
    static Manifest parse(Path path, String text) {
        Manifest manifest = JsonFiles.parse(path, text, Manifest.class, "a manifest");
        String complaint = DataFiles.display(path) + " is not a manifest: ";
        if (manifest.kind == null || manifest.kind.isBlank()) {
            throw new UserException(complaint + "it does not say its kind");
        }
        manifest.files.forEach((name, entry) -> {
            if (entry == null || entry.sha256 == null || entry.bytes < 0 || !isInside(name)) {
                throw new UserException(complaint + "what it says of file \"" + name + "\" cannot be");
            }
        });
        Stream.of(manifest.settings, manifest.inputs, manifest.counts)
                .flatMap(map -> map.entrySet().stream())
                .filter(entry -> entry.getValue() == null)
                .findFirst()
                .ifPresent(entry -> {
                    throw new UserException(complaint + entry.getKey() + " has no value");
                });
        return manifest;
    }

    /** Whether it is the name of a file in the manifest's directory or below. */
    private static boolean isInside(String name) {
        return !name.isBlank()
                && name.indexOf(':') < 0
                && Stream.of(name.split("/", -1))
                        .noneMatch(part -> part.isEmpty() || part.equals("..") || part.equals("."));
    }

    /** Writes it; returns the SHA-256 of the file. */
    public String write(Path path) {
        return JsonFiles.write(path, this);
    }

    /**
     * What differs between two requests, one phrase a key: kind, format version, seed, settings and inputs. Not the
     * revision: a retry after an upgrade goes on.
     */
    List<String> differences(Manifest asked) {
        List<String> all = new ArrayList<>();
        difference(all, "kind", kind, asked.kind);
        difference(all, "format version", Integer.toString(formatVersion), Integer.toString(asked.formatVersion));
        difference(all, "seed", Long.toString(seed), Long.toString(asked.seed));
        differences(all, "", settings, asked.settings);
        differences(all, "input ", inputs, asked.inputs);
        return all;
    }

    private static void differences(List<String> all, String prefix, Map<String, String> a, Map<String, String> b) {
        TreeSet<String> keys = new TreeSet<>(a.keySet());
        keys.addAll(b.keySet());
        keys.forEach(key -> difference(all, prefix + key, a.get(key), b.get(key)));
    }

    private static void difference(List<String> all, String key, String was, String now) {
        if (was == null ? now != null : !was.equals(now)) {
            all.add(key + " (there " + shown(was) + ", asked " + shown(now) + ")");
        }
    }

    private static String shown(String value) {
        return value == null ? "not set" : value;
    }

    private static <V> Map<String, V> sorted(Map<String, V> map) {
        return map == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(map));
    }
}
