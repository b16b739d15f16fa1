package org.xecomla.eval.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.IntNode;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.xecomla.errors.UserException;

class ExampleSamplerTest {
    private static final TaskRow OTHER = new TaskRow(IntNode.valueOf(-1), () -> "other");

    private static List<TaskRow> rows(int n) {
        return IntStream.range(0, n)
                .mapToObj(i -> new TaskRow(IntNode.valueOf(i), () -> "row " + i))
                .toList();
    }

    private static List<Integer> pick(ExampleSampler sampler, int count, TaskRow question) {
        return sampler.pick(count, question).stream()
                .map(row -> row.json().asInt())
                .toList();
    }

    /** Printed by CPython 3.11: random.Random(1234).sample(range(n), k), twice. */
    @Test
    void drawsWhatPythonDraws() {
        ExampleSampler of100 = new ExampleSampler(rows(100), false, false);
        assertEquals(List.of(99, 56, 14, 0, 11), pick(of100, 5, OTHER));
        assertEquals(List.of(74, 4, 85, 88, 10), pick(of100, 5, OTHER));
        ExampleSampler of300 = new ExampleSampler(rows(300), false, false);
        assertEquals(List.of(225, 59, 3, 46, 298, 17, 42), pick(of300, 7, OTHER));
        assertEquals(List.of(50, 181, 121, 8, 15, 177, 247), pick(of300, 7, OTHER));
        ExampleSampler of8 = new ExampleSampler(rows(8), false, false);
        assertEquals(List.of(7, 0, 6), pick(of8, 3, OTHER));
        assertEquals(List.of(1, 6, 4), pick(of8, 3, OTHER));
    }

    @Test
    void theQuestionIsNoExampleOfItself() {
        assertEquals(List.of(7, 6), pick(new ExampleSampler(rows(8), false, true), 2, rows(8).get(0)));
        assertEquals(List.of(7, 0), pick(new ExampleSampler(rows(8), false, true), 2, OTHER));
        assertEquals(List.of(1, 2), pick(new ExampleSampler(rows(8), true, true), 2, rows(8).get(0)));
        assertEquals(List.of(0, 1), pick(new ExampleSampler(rows(8), true, false), 2, rows(8).get(0)));
    }

    @Test
    void tooFewRowsAreRefused() {
        assertThrows(UserException.class, () -> new ExampleSampler(rows(3), false, false).pick(4, OTHER));
        assertThrows(UserException.class, () -> new ExampleSampler(rows(3), false, true).pick(3, OTHER));
        assertThrows(UserException.class, () -> new ExampleSampler(rows(3), true, false).pick(4, OTHER));
    }
}
