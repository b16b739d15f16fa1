package org.xecomla.spark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Faults;

/** What a run has made, to be compared with what another has. */
public final class RunContents {
    private static final Pattern TIMES = Pattern.compile("\"seconds_of_leg\":[^,}]*|(?<=[ :])1[0-9]{12}\\b");

    private RunContents() {}

    /** What is not in {@code actual} as it was expected, for people; empty where all is. */
    public static String difference(Map<String, String> expected, Map<String, String> actual) {
        List<String> differences = new ArrayList<>();
        for (Map.Entry<String, String> file : expected.entrySet()) {
            String there = actual.get(file.getKey());
            if (there == null) {
                differences.add(file.getKey() + " is missing");
            } else if (!there.equals(file.getValue())) {
                differences.add(file.getKey() + " differs");
            }
        }
        actual.keySet().stream()
                .filter(name -> !expected.containsKey(name) && !name.contains("damaged-"))
                .forEach(name -> differences.add(name + " is too much"));
        return String.join(", ", differences);
    }

    /** All files of the run by name, without what tells of times and attempts. */
    public static Map<String, String> of(Path run) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(run)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = run.relativize(file).toString();
                if (!name.startsWith("_")
                        && !name.matches(
                                "run\\.json|report\\.html|.*/tensorboard/.*|\\..*\\.tmp|(distill|dpo)/_SUCCESS")) {
                    contents.put(name, comparable(name, file));
                }
            }
        }
        return contents;
    }

    /** Whether a file says when and by whom a run was done, and no other command reads it for what it makes. */
    static boolean isOfAttempt(String name) {
        return name.matches("(.*/)?(_LEASE\\.json|_FENCE|_STATUS\\.json|report\\.html|tensorboard/[^/]*)");
    }

    /**
     * All that is below {@code directory}, as one text: two that are equal are alike to whoever reads them. Left out
     * are {@link #isOfAttempt}, times, and what is drawn for the names of temporary files.
     */
    static String state(Path directory) throws IOException {
        StringBuilder state = new StringBuilder();
        try (Stream<Path> files = Files.walk(directory).sorted()) {
            for (Path file : files.toList()) {
                String name = directory.relativize(file).toString();
                if (!isOfAttempt(name)) {
                    state.append('\n').append(Faults.DRAWN.matcher(name).replaceAll("drawn"));
                    state.append(' ').append(Files.isRegularFile(file) ? timeless(file) : "");
                }
            }
        }
        return state.toString();
    }

    private static String timeless(Path file) throws IOException {
        String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        return DataFiles.sha256(TIMES.matcher(bytes).replaceAll("time").getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String comparable(String name, Path file) throws IOException {
        if (name.endsWith("metrics.jsonl")) {
            return Files.readString(file).replaceAll(",\"seconds_of_leg\":[^,}]*", "");
        }
        if (name.endsWith("_SUCCESS")) {
            return Files.readString(file).replaceAll(" fence \\d+", ""); // every driver has its own
        }
        if (name.matches("(distill|dpo)/manifest\\.json")) {
            return Files.readString(file).replaceAll("\"(metrics\\.jsonl|tensorboard/[^\"]*)\" : \\{[^}]*\\}", "");
        }
        return DataFiles.sha256(Files.readAllBytes(file));
    }
}
