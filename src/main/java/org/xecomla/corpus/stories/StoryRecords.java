package org.xecomla.corpus.stories;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Stories as the records of a data set. */
public final class StoryRecords {
    private static final String ASKED = "Go on with this story.\n";
    private static final String ASKED_AGAIN = "What happened then?";

    private StoryRecords() {}

    /** {@code text}, the whole story. */
    public static Map<String, Object> text(StoryGrammar grammar, long number) {
        return Map.of("text", grammar.story(number).text());
    }

    /**
     * {@code messages}: the user begins the story and asks again after each paragraph, the assistant tells the others.
     */
    public static Map<String, Object> conversation(StoryGrammar grammar, long number) {
        String[] paragraphs = grammar.story(number).text().split("\n");
        List<Map<String, String>> messages = new ArrayList<>();
        for (int i = 1; i < paragraphs.length; i++) {
            messages.add(message("user", i == 1 ? ASKED + paragraphs[0] : ASKED_AGAIN));
            messages.add(message("assistant", paragraphs[i]));
        }
        return Map.of("messages", messages);
    }

    /** How a story begins ({@code prompt}) and goes on happily ({@code chosen}) and unhappily ({@code rejected}). */
    public static Map<String, Object> preference(StoryGrammar grammar, long number) {
        StoryGrammar.Fork fork = grammar.fork(number);
        return preference(fork.common(), fork.happy(), fork.unhappy());
    }

    /** The same as an assistant's answers to a user's message. */
    public static Map<String, Object> chatPreference(StoryGrammar grammar, long number) {
        StoryGrammar.Fork fork = grammar.fork(number);
        return preference(
                List.of(message("user", ASKED + fork.common())),
                List.of(message("assistant", fork.happy().strip())),
                List.of(message("assistant", fork.unhappy().strip())));
    }

    private static Map<String, Object> preference(Object prompt, Object chosen, Object rejected) {
        Map<String, Object> preference = new LinkedHashMap<>();
        preference.put("prompt", prompt);
        preference.put("chosen", chosen);
        preference.put("rejected", rejected);
        return preference;
    }

    private static Map<String, String> message(String role, String content) {
        Map<String, String> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }
}
