package org.xecomla.corpus.text;

import java.nio.file.FileSystems;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * Paths with the wildcards of a shell: {@code *}, {@code ?}, {@code [a-z]} and {@code {a,b}} within a name, and
 * {@code **} for any number of directories. Names that begin with a dot are not matched.
 */
final class PathPattern {
    private static final String ANY_DEPTH = "**";
    private static final int MAX_DEPTH = 32;

    private PathPattern() {}

    /** What is there and matches, in the order of the names. */
    static List<Path> matches(Path pattern) {
        List<String> names = new ArrayList<>();
        Path root = pattern;
        while (root.getParent() != null) {
            names.add(0, root.getName());
            root = root.getParent();
        }
        List<Path> found = new ArrayList<>();
        match(root, names, 0, found);
        return found.stream().distinct().toList();
    }

    private static void match(Path at, List<String> names, int depth, List<Path> found) {
        if (names.isEmpty()) {
            found.add(at);
            return;
        }
        String name = names.get(0);
        List<String> rest = names.subList(1, names.size());
        if (name.equals(ANY_DEPTH)) {
            match(at, rest, depth, found);
            if (depth < MAX_DEPTH) {
                children(at).stream()
                        .filter(DataFiles::isDirectory)
                        .forEach(child -> match(child, names, depth + 1, found));
            }
        } else if (name.matches("[^*?\\[{]*")) {
            Path child = new Path(at, name);
            if (DataFiles.exists(child)) {
                match(child, rest, depth, found);
            }
        } else {
            PathMatcher matcher = matcher(name);
            children(at).stream()
                    .filter(child -> matcher.matches(java.nio.file.Path.of(child.getName())))
                    .forEach(child -> match(child, rest, depth, found));
        }
    }

    private static List<Path> children(Path directory) {
        return DataFiles.isDirectory(directory)
                ? DataFiles.list(directory).stream()
                        .filter(child -> !child.getName().startsWith("."))
                        .toList()
                : List.of();
    }

    private static PathMatcher matcher(String name) {
        try {
            return FileSystems.getDefault().getPathMatcher("glob:" + name);
        } catch (PatternSyntaxException e) {
            throw new UserException("\"" + name + "\" is no pattern of names: " + e.getDescription(), e);
        }
    }
}
