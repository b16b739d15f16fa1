package org.xecomla.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.xecomla.corpus.stories.StoryGrammar;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes stories from the project's own grammar: the text that the demo's model is made of. */
@Command(
        name = "stories",
        mixinStandardHelpOptions = true,
        description = "Writes stories from the project's grammar as JSON lines, or preferences between their ends.")
final class StoriesCommand implements Callable<Integer> {
    private static final String ASKED = "Go on with this story.\n";
    private static final String ASKED_AGAIN = "What happened then?";

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
    public Integer call() {
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
            return preference(grammar.fork(number));
        }
        String text = grammar.story(number).text();
        return conversations ? Map.of("messages", conversation(text)) : Map.of("text", text);
    }

    private Map<String, Object> preference(StoryGrammar.Fork fork) {
        Map<String, Object> preference = new LinkedHashMap<>();
        preference.put("prompt", conversations ? List.of(message("user", ASKED + fork.common())) : fork.common());
        preference.put("chosen", answer(fork.happy()));
        preference.put("rejected", answer(fork.unhappy()));
        return preference;
    }

    private Object answer(String text) {
        return conversations ? List.of(message("assistant", text.strip())) : text;
    }

    /** The user begins the story and asks again after each paragraph, the assistant tells the others. */
    private static List<Map<String, String>> conversation(String story) {
        String[] paragraphs = story.split("\n");
        List<Map<String, String>> messages = new ArrayList<>();
        for (int i = 1; i < paragraphs.length; i++) {
            messages.add(message("user", i == 1 ? ASKED + paragraphs[0] : ASKED_AGAIN));
            messages.add(message("assistant", paragraphs[i]));
        }
        return messages;
    }

    private static Map<String, String> message(String role, String content) {
        Map<String, String> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }
}
