package org.xecomla.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.xecomla.corpus.stories.StoryGrammar;
import org.xecomla.corpus.stories.StoryRecords;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes stories from the project's own grammar: the text that the demo's model is made of. */
@Command(
        name = "stories",
        mixinStandardHelpOptions = true,
        description = "Writes stories from the project's grammar as JSON lines, or preferences between their ends.")
final class StoriesCommand extends ConsoleCommand {
    @Option(names = "--out", required = true, paramLabel = "FILE", description = "JSON lines.")
    private String out;

    @Option(names = "--first", paramLabel = "N", description = "Number of the first story. Default: ${DEFAULT-VALUE}.")
    private long first = 0;

    @Option(names = "--count", required = true, paramLabel = "N", description = "How many stories.")
    private long count;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the grammar. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(
            names = "--preferences",
            description = "Writes, instead of whole stories, how each begins (prompt) and goes on happily (chosen) and"
                    + " unhappily (rejected).")
    private boolean preferences;

    @Option(
            names = "--conversations",
            description =
                    "Writes conversations: stories that a user asks for paragraph by paragraph (messages), or with"
                            + " --preferences how the assistant goes on with a story.")
    private boolean conversations;

    @Override
    int run(PrintWriter console) {
        if (count < 1 || first < 0) {
            throw new ConfigException("--count is at least 1 and --first at least 0, not " + count + " and " + first);
        }
        StoryGrammar grammar = new StoryGrammar(seed);
        ObjectMapper json = new ObjectMapper();
        DataFiles.writeAtomically(DataFiles.path(out), stream -> {
            for (long number = first; number < first + count; number++) {
                String line = json.writeValueAsString(record(grammar, number));
                stream.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            }
        });
        return 0;
    }

    private Map<String, Object> record(StoryGrammar grammar, long number) {
        if (preferences) {
            return conversations
                    ? StoryRecords.chatPreference(grammar, number)
                    : StoryRecords.preference(grammar, number);
        }
        return conversations ? StoryRecords.conversation(grammar, number) : StoryRecords.text(grammar, number);
    }
}
