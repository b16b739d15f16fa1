package org.xecomla.corpus.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

class NgramSetTest {
    @TempDir
    Path directory;

    private NgramSet tasks(int n, String... lines) throws IOException {
        Path file = Files.writeString(directory.resolve("tasks.jsonl"), String.join("\n", lines) + "\n");
        return NgramSet.ofTasks(List.of(DataFiles.path(file.toString())), n);
    }

    @Test
    void caseAndPunctuationDoNotHideATask() throws IOException {
        NgramSet set = tasks(
                4,
                "{\"q\": \"Where does the Moon go?\", \"choices\": {\"a\": [\"to the far side, É\"]}, \"n\": 3}",
                "");
        assertEquals(2 + 2, set.size());
        assertTrue(set.overlaps("I asked: where -- DOES the moon?"));
        assertTrue(set.overlaps("the far side é"));
        assertFalse(set.overlaps("where does the sun go"));
        assertFalse(set.overlaps("does the moon"));
        assertFalse(set.overlaps("the moonwhere does the"));
        assertFalse(set.overlaps(""));
        assertEquals(0, tasks(6, "{\"q\": \"five words are too few\"}").size());
    }

    @Test
    void theSameAnswersAsComparingWords() throws IOException {
        Random random = new Random(4);
        int n = 3;
        List<String> task = words(random, 40);
        NgramSet set = tasks(n, "{\"q\": \"" + String.join(" ", task) + "\"}");
        int numFound = 0;
        for (int i = 0; i < 2000; i++) {
            List<String> words = words(random, 1 + random.nextInt(9));
            boolean expected = false;
            for (int from = 0; from + n <= words.size(); from++) {
                expected |= Collections.indexOfSubList(task, words.subList(from, from + n)) >= 0;
            }
            assertEquals(expected, set.overlaps(String.join(", ", words).toUpperCase(Locale.ROOT)), words.toString());
            numFound += expected ? 1 : 0;
        }
        assertTrue(numFound > 200 && numFound < 1800, "found " + numFound);
    }

    private static List<String> words(Random random, int count) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            words.add("w" + random.nextInt(6));
        }
        return words;
    }

    @Test
    void aFileThatIsNotJsonLinesIsNamed() {
        UserException e = assertThrows(UserException.class, () -> tasks(3, "{}", "{\"q\": "));
        assertTrue(e.getMessage().contains("tasks.jsonl line 2 is broken JSON"), e.getMessage());
    }
}
