package org.xecomla.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.xecomla.config.ConfigException;
import org.xecomla.corpus.StoryGrammar;
import org.xecomla.files.DataFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes stories from the project's own grammar: the text that the demo's model is made of. */
@Command(
        name = "stories",
        mixinStandardHelpOptions = true,
        description = "Writes stories from the project's grammar as JSON lines, or preferences between their ends.")
final class StoriesCommand implements Callable<Integer> {
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

    @Override
    public Integer call() {
        if (count < 1 || first < 0) {
            throw new ConfigException("--count is at least 1 and --first at least 0, not " + count + " and " + first);
        }
        StoryGrammar grammar = new StoryGrammar(seed);
        ObjectMapper json = new ObjectMapper();
        DataFiles.writeAtomically(DataFiles.path(out), stream -> {
            for (long number = first; number < first + count; number++) {
                String line = json.writeValueAsString(
                        preferences
                                ? preference(grammar.fork(number))
                                : Map.of("text", grammar.story(number).text()));
                stream.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            }
        });
        return 0;
    }

    private static Map<String, String> preference(StoryGrammar.Fork fork) {
        Map<String, String> preference = new LinkedHashMap<>();
        preference.put("prompt", fork.common());
        preference.put("chosen", fork.happy());
        preference.put("rejected", fork.unhappy());
        return preference;
    }
}
