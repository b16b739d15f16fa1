package org.xecomla.corpus.stories;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Short stories in plain English from a grammar of our own, {@code stories.grammar}: text that may be shipped, with
 * something in it to learn.
 *
 * <p>Who and what a story is about is drawn once and holds to its end: what is lost in the second paragraph is looked
 * for in the third, who was refused bread refuses help, seven apples less two are five. A phrase is shared by many
 * stories, so that the words just before it seldom say how it goes on, while the story so far does.
 *
 * <p>A story is a function of the seed and its number alone. Immutable, safe for concurrent use.
 */
public final class StoryGrammar {
    private static final String RESOURCE = "stories.grammar";
    private static final String START = "story";
    private static final String FATE = "fate";
    private static final String HAPPY = "happy";
    private static final String UNHAPPY = "unhappy";
    private static final char PARAGRAPH = '\n';
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    /** @param happy whether it ends well */
    public record Story(long number, String text, boolean happy) {}

    /**
     * A story up to where its fate is told, and how it goes on either way: to the end of that paragraph.
     *
     * @param common the last paragraphs that both have
     * @param happy begins with white space, as the other does
     */
    public record Fork(long number, String common, String happy, String unhappy) {}

    private final StoryRules rules;
    private final long seed;

    public StoryGrammar(long seed) {
        this.rules = StoryRules.parse(readResource());
        this.seed = seed;
    }

    /** Story {@code number}; paragraphs are separated by a line break. */
    public Story story(long number) {
        Telling telling = tell(number, null);
        boolean happy = telling.row(FATE).get(0).equals(HAPPY);
        return new Story(number, telling.text.toString(), happy);
    }

    /** Story {@code number} told twice: with a happy fate, and with the other. */
    public Fork fork(long number) {
        String happy = tell(number, HAPPY).text.toString();
        String unhappy = tell(number, UNHAPPY).text.toString();
        int parted = 0;
        while (parted < Math.min(happy.length(), unhappy.length()) && happy.charAt(parted) == unhappy.charAt(parted)) {
            parted++;
        }
        int cut = parted; // back to the white space before the word that differs
        while (!Character.isWhitespace(happy.charAt(cut))) {
            cut--;
        }
        int from = happy.lastIndexOf(PARAGRAPH, cut - 1);
        from = happy.lastIndexOf(PARAGRAPH, from - 1) + 1;
        return new Fork(number, happy.substring(from, cut), paragraph(happy, cut), paragraph(unhappy, cut));
    }

    private static String paragraph(String text, int from) {
        int end = text.indexOf(PARAGRAPH, from + 1);
        return text.substring(from, end < 0 ? text.length() : end);
    }

    /** @param fate null: drawn */
    private Telling tell(long number, String fate) {
        Telling telling = new Telling(mix(seed ^ mix(number + GOLDEN_GAMMA)), fate);
        telling.tell(List.of(new StoryNode.Call(List.of(new StoryNode.Text(START)))));
        return telling;
    }

    /** One story in the making: its random stream, the rows its roles have drawn, and the text so far. */
    private final class Telling {
        private final StringBuilder text = new StringBuilder();
        private final Map<String, List<String>> rowOfRole = new HashMap<>();
        private final Map<String, Set<Integer>> takenRows = new HashMap<>();
        private final String fate;
        private long state;

        Telling(long state, String fate) {
            this.state = state;
            this.fate = fate;
        }

        void tell(List<StoryNode> nodes) {
            for (StoryNode node : nodes) {
                if (node instanceof StoryNode.Text words) {
                    text.append(words.text());
                } else if (node instanceof StoryNode.Reference reference) {
                    text.append(say(reference));
                } else if (node instanceof StoryNode.Choice choice) {
                    tell(oneOf(choice.options()));
                } else if (node instanceof StoryNode.Call call) {
                    tell(oneOf(rules.alternatives(ruleName(call))));
                }
            }
        }

        private String ruleName(StoryNode.Call call) {
            StringBuilder name = new StringBuilder();
            for (StoryNode node : call.name()) {
                if (node instanceof StoryNode.Text words) {
                    name.append(words.text());
                } else if (node instanceof StoryNode.Reference reference) {
                    name.append(say(reference));
                }
            }
            return name.toString();
        }

        private String say(StoryNode.Reference reference) {
            String word = row(reference.role()).get(reference.column());
            return reference.capitalised() ? Character.toUpperCase(word.charAt(0)) + word.substring(1) : word;
        }

        /** The row that speaks for {@code role}, drawn at its first mention from those no other role has. */
        List<String> row(String role) {
            List<String> row = rowOfRole.get(role);
            if (row == null) {
                List<List<String>> rows = rules.tableOf(role).rows();
                Set<Integer> taken = takenRows.computeIfAbsent(rules.tableName(role), name -> new HashSet<>());
                List<Integer> free = new ArrayList<>();
                for (int i = 0; i < rows.size(); i++) {
                    if (!taken.contains(i)) {
                        free.add(i);
                    }
                }
                int drawn = oneOf(free);
                taken.add(drawn);
                row = role.equals(FATE) && fate != null ? List.of(fate) : rows.get(drawn);
                rowOfRole.put(role, row);
            }
            return row;
        }

        private <E> E oneOf(List<E> options) {
            state += GOLDEN_GAMMA;
            return options.get((int) (((mix(state) >>> 32) * options.size()) >>> 32));
        }
    }

    /** SplitMix64's finaliser: the stream stays the same on every JVM. */
    private static long mix(long z) {
        long y = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        y = (y ^ (y >>> 27)) * 0x94D049BB133111EBL;
        return y ^ (y >>> 31);
    }

    private static String readResource() {
        try (InputStream in = StoryGrammar.class.getResourceAsStream(RESOURCE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
