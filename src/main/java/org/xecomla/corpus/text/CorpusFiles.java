package org.xecomla.corpus.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;

/**
 * What one entry of a list of text means: a file, all files below a directory, or those that a pattern matches, in the
 * order of their names. Below a directory, hidden files, those that begin with {@code _}, and those that only explain
 * a data set are passed over.
 *
 * @param entry as it was given
 * @param passedOver files that explain, for a person
 */
public record CorpusFiles(Path entry, List<Path> files, List<Path> passedOver) {
    private static final int MAX_LOOKED_AT = 200;
    private static final int MAX_DEPTH = 32; // beyond it a link leads round in a circle

    /** What a data set brings beside its rows. */
    private static final Pattern EXPLAINS = Pattern.compile(
            "(readme|license|licence|notice|citation|changelog|authors|checksums|dataset_infos?[.]json|croissant[.]json"
                    + ")"
                    + "([.].*)?|.*[.](md|rst|html?|ya?ml|py|ipynb|sh|toml|cff|bib|pdf|png|jpe?g|svg|sha256|md5|crc|log"
                    + ")");

    private static final Set<String> WILDCARDS = Set.of("[", "{", "*", "?");

    /** @throws UserException where there is no such file, or none in the directory, or the pattern matches nothing */
    public static CorpusFiles of(Path entry) {
        List<Path> files = new ArrayList<>();
        List<Path> passedOver = new ArrayList<>();
        if (DataFiles.exists(entry)) {
            collect(entry, 0, files, passedOver);
        } else if (WILDCARDS.stream().anyMatch(DataFiles.display(entry)::contains)) {
            PathPattern.matches(entry).forEach(match -> collect(match, 0, files, passedOver));
            if (files.isEmpty()) {
                throw new UserException("no corpus file matches the pattern " + DataFiles.display(entry));
            }
        } else {
            throw new UserException("no such file: " + DataFiles.display(entry));
        }
        if (files.isEmpty()) {
            throw new UserException("no corpus file in " + DataFiles.display(entry)
                    + (passedOver.isEmpty() ? "" : ": only " + names(passedOver) + ", which hold no documents"));
        }
        return new CorpusFiles(entry, List.copyOf(files), List.copyOf(passedOver));
    }

    private static void collect(Path path, int depth, List<Path> files, List<Path> passedOver) {
        if (!DataFiles.isDirectory(path)) {
            files.add(path);
            return;
        }
        if (depth > MAX_DEPTH) {
            throw new UserException(DataFiles.display(path) + " lies more than " + MAX_DEPTH
                    + " directories deep: does a link lead back to a directory above it?");
        }
        for (Path child : DataFiles.list(path)) {
            String name = child.getName().toLowerCase(Locale.ROOT);
            if (name.startsWith(".") || name.startsWith("_")) {
                continue;
            }
            if (EXPLAINS.matcher(name).matches() && !DataFiles.isDirectory(child)) {
                passedOver.add(child);
            } else {
                collect(child, depth + 1, files, passedOver);
            }
        }
    }

    /**
     * Looks at the beginning of the first files.
     *
     * @throws UserException where one of them is something that is not read
     */
    public void requireReadable() {
        files.stream().limit(MAX_LOOKED_AT).forEach(RecordFile::of);
    }

    /** The first names of {@code paths} and how many more there are. */
    public static String names(List<Path> paths) {
        String some = paths.stream().limit(3).map(Path::getName).collect(Collectors.joining(", "));
        return paths.size() > 3 ? some + " and " + (paths.size() - 3) + " more" : some;
    }

    /** Whether the entry is the one file that it means. */
    private boolean isFile() {
        return files.size() == 1 && files.get(0).equals(entry);
    }

    /** Identity of all contents, in hexadecimal: of several files, of their names below the entry too. */
    public String fingerprint(Fingerprints fingerprints) {
        if (isFile()) {
            return fingerprints.of(entry);
        }
        int prefix = entry.toString().length() + 1;
        Stream<String> lines = files.stream()
                .map(file -> (file.toString().startsWith(entry + "/")
                                ? file.toString().substring(prefix)
                                : file) + " " + fingerprints.of(file) + "\n");
        return DataFiles.sha256(lines.collect(Collectors.joining()).getBytes(StandardCharsets.UTF_8));
    }
}
