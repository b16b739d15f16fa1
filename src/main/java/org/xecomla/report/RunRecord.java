package org.xecomla.report;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.SparkSettings;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.JsonFiles;

/**
 * What was asked of a run: {@value #FILE} in its directory, for its report and for whoever wants to repeat it. Keys to
 * storage are left out.
 *
 * @param commands the command lines that worked on it, each once, in the order of their first use
 * @param revision of the sources that worked last
 * @param settings the resolved configuration of the last
 */
public record RunRecord(List<String> commands, String revision, Map<String, String> settings) {
    public static final String FILE = "run.json";

    /** Settings of Spark that hold keys to storage or passwords. */
    private static final Pattern SECRET =
            Pattern.compile("(-D)?spark\\.conf\\.[^=]*" + SparkSettings.SECRET_KEYS + "[^=]*=.*", Pattern.DOTALL);

    private static final Pattern PLAIN_WORD = Pattern.compile("[\\w@%+=:,./-]+");

    private static final String HIDDEN = "(hidden)";

    public RunRecord {
        if (commands == null || settings == null || commands.stream().anyMatch(Objects::isNull)) {
            throw new UserException("commands or settings are missing");
        }
        commands = List.copyOf(commands);
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    }

    /**
     * Notes that {@code command}, of {@link #command}, works on the run in {@code directory}. A record that is broken
     * begins anew: it is not worth a run.
     */
    public static void note(Path directory, String command, String revision, Map<String, String> settings) {
        List<String> commands = Stream.concat(commandsBefore(directory), Stream.of(command))
                .distinct()
                .toList();
        JsonFiles.write(new Path(directory, FILE), new RunRecord(commands, revision, withoutSecrets(settings)));
    }

    private static Stream<String> commandsBefore(Path directory) {
        try {
            return read(directory).stream().flatMap(record -> record.commands.stream());
        } catch (UserException broken) {
            return Stream.of();
        }
    }

    private static Map<String, String> withoutSecrets(Map<String, String> settings) {
        Map<String, String> shown = new TreeMap<>(settings);
        shown.replaceAll((key, value) -> SECRET.matcher(key + "=").matches() ? HIDDEN : value);
        return shown;
    }

    /** The command line of {@code words} as a person would give it to a shell, without secrets. */
    public static String command(List<String> words) {
        return Stream.concat(Stream.of("submit/xecomla"), words.stream().map(RunRecord::withoutSecrets))
                .map(RunRecord::quoted)
                .collect(Collectors.joining(" "));
    }

    private static String withoutSecrets(String word) {
        return SECRET.matcher(word).matches() ? word.substring(0, word.indexOf('=') + 1) + HIDDEN : word;
    }

    private static String quoted(String word) {
        return PLAIN_WORD.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /** @throws UserException where the file is there and broken */
    public static Optional<RunRecord> read(Path directory) {
        Path path = new Path(directory, FILE);
        if (!DataFiles.exists(path)) {
            return Optional.empty();
        }
        return Optional.of(JsonFiles.read(path, RunRecord.class, "a run's record"));
    }
}
