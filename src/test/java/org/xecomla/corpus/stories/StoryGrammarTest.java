package org.xecomla.corpus.stories;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class StoryGrammarTest {
    private static final int NUM_STORIES = 3000;
    private static final StoryGrammar GRAMMAR = new StoryGrammar(7);
    private static final List<StoryGrammar.Story> STORIES =
            LongStream.range(0, NUM_STORIES).mapToObj(GRAMMAR::story).toList();

    @Test
    void aStoryIsAFunctionOfSeedAndNumber() {
        assertEquals(STORIES.get(1234), new StoryGrammar(7).story(1234));
        assertNotEquals(
                STORIES.get(1234).text(), new StoryGrammar(8).story(1234).text());
    }

    @Test
    void thisIsStoryZeroOfSeedZeroOnEveryMachine() {
        String begin =
                "Not long ago Noah, a quiet boy, lived with his grandfather near the forest. All day long he sang, ";
        assertEquals(begin, new StoryGrammar(0).story(0).text().substring(0, begin.length()));
    }

    @Test
    void noStoryIsToldTwice() {
        Set<String> texts = new HashSet<>();
        STORIES.forEach(story -> assertTrue(texts.add(story.text()), story.text()));
    }

    @Test
    void storiesAreParagraphsOfPlainEnglish() {
        Pattern wrong = Pattern.compile("[^A-Za-z ,.?!:\"'\n]|  | \n|\n | [,.?!:]|\\ba [aeiou]|[a-z]\\.[A-Za-z]");
        for (StoryGrammar.Story story : STORIES) {
            Matcher found = wrong.matcher(story.text());
            assertFalse(found.find(), () -> "'" + found.group() + "' in " + story.text());
            long numParagraphs = story.text().lines().count();
            assertTrue(numParagraphs >= 3 && numParagraphs <= 7, story.text());
            assertEquals(0, story.text().chars().filter(c -> c == '"').count() % 2, story.text());
        }
    }

    @Test
    void halfOfThemEndWell() {
        long numHappy = STORIES.stream().filter(StoryGrammar.Story::happy).count();
        assertTrue(numHappy > 0.45 * NUM_STORIES && numHappy < 0.55 * NUM_STORIES, numHappy + " happy stories");
    }

    @Test
    void aStoryThatForksIsTheStoryItselfUpToItsFate() {
        StoryGrammar grammar = new StoryGrammar(7);
        for (StoryGrammar.Story story : STORIES) {
            StoryGrammar.Fork fork = grammar.fork(story.number());
            String told = fork.common() + (story.happy() ? fork.happy() : fork.unhappy());
            String other = fork.common() + (story.happy() ? fork.unhappy() : fork.happy());
            assertTrue(story.text().contains(told), told);
            assertFalse(story.text().contains(other), other);
            assertTrue(fork.common().length() > 40, fork.common());
        }
    }

    /** What is lost in the second paragraph of a story is told of in its last one, by colour and kind. */
    @Test
    void whatIsLostIsRememberedAtTheEnd() {
        Pattern lost = Pattern.compile("\"My (\\w+ \\w+)!\" cried");
        int numLost = 0;
        for (StoryGrammar.Story story : STORIES) {
            Matcher what = lost.matcher(story.text());
            if (what.find()) {
                String end = story.text().substring(story.text().lastIndexOf('\n'));
                assertTrue(end.contains(what.group(1)), story.text());
                numLost++;
            }
        }
        assertTrue(numLost > 20, numLost + " stories of something lost");
    }

    @Test
    void countsAreRight() {
        List<String> numbers =
                List.of("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten");
        Pattern sum = Pattern.compile("(\\w+) take away (\\w+) makes (\\w+)");
        int numSums = 0;
        for (StoryGrammar.Story story : STORIES) {
            Matcher found = sum.matcher(story.text());
            if (found.find()) {
                int left = numbers.indexOf(found.group(1)) - numbers.indexOf(found.group(2));
                assertEquals(numbers.get(left), found.group(3), story.text());
                numSums++;
            }
        }
        assertTrue(numSums > 20, numSums + " sums");
    }

    /** Names and pronouns agree: "a boy named Tom ... He", as the table of persons says. */
    @Test
    void pronounsFollowTheName() {
        Pattern opening = Pattern.compile("(boy|girl) named (\\w+)\\. (He|She) lived");
        Set<String> seen = new HashSet<>();
        for (StoryGrammar.Story story : STORIES) {
            Matcher found = opening.matcher(story.text());
            if (found.find()) {
                assertEquals(found.group(1).equals("boy"), found.group(3).equals("He"), story.text());
                seen.add(found.group(2));
            }
        }
        assertEquals(32, seen.size());
    }

    @Test
    void aBrokenGrammarIsRefusedWithItsLine() {
        String tables = "table person: name | he\nMia | she\n\nrole hero: person\n\n";
        assertMessage("line 6 (rule story): there is no role villain", tables + "rule story\n- {villain} came.\n");
        assertMessage("line 6 (rule story): role hero has no column his", tables + "rule story\n- {hero.his} hat.\n");
        assertMessage("line 6 (rule story): there is no rule end", tables + "rule story\n- {Hero} came. <end>\n");
        assertMessage("line 6 (rule story): a bracket is not closed in: [a|b", tables + "rule story\n- [a|b\n");
        assertMessage(
                "line 1 (table person: name | he): the row [Mia] does not fit the columns [name, he]",
                "table person: name | he\nMia\n");
    }

    private static void assertMessage(String expected, String grammar) {
        String message = assertThrows(IllegalStateException.class, () -> StoryRules.parse(grammar))
                .getMessage();
        assertEquals("story grammar, " + expected, message);
    }
}
