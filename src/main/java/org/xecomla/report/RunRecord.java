package org.xecomla.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

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

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /** Settings of Spark that hold keys to storage or passwords, by what stores and Spark itself call them. */
    private static final Pattern SECRET = Pattern.compile(
            "(-D)?spark\\.conf\\.[^=]*(?i:secret|passw|passphrase|token|credential|key|\\.sas\\.)[^=]*=.*",
            Pattern.DOTALL);

    private static final Pattern PLAIN_WORD = Pattern.compile("[\\w@%+=:,./-]+");

    private static final String HIDDEN = "(hidden)";

    public RunRecord {
        commands = List.copyOf(commands);
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    }

    /** Notes that {@code command}, of {@link #command}, works on the run in {@code directory}. */
    public static void note(Path directory, String command, String revision, Map<String, String> settings) {
        List<String> before = read(directory).map(RunRecord::commands).orElse(List.of());
        List<String> commands =
                Stream.concat(before.stream(), Stream.of(command)).distinct().toList();
        try {
            String text = JSON.writeValueAsString(new RunRecord(commands, revision, withoutSecrets(settings))) + "\n";
            DataFiles.writeString(new Path(directory, FILE), text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of strings is always JSON", e);
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
        try {
            return Optional.of(JSON.readValue(DataFiles.readString(path), RunRecord.class));
        } catch (JsonProcessingException e) {
            throw new UserException(DataFiles.display(path) + " is broken: " + e.getOriginalMessage(), e);
        }
    }
}
