package org.xecomla.corpus.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.corpus.chat.jinja.value.Limits;
import org.xecomla.errors.UserException;

/** No template takes more than its share of time, memory or stack, whatever it does: it is refused by a line. */
class LimitsTest {
    private static final Limits SMALL = new Limits(100_000, 1 << 20, 1 << 18, 400);

    private static UserException refusal(String template, Limits limits) {
        return assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThrows(UserException.class, () -> JinjaTemplate.parse(template, "t.jinja", limits)
                        .render(Map.of("s", "a".repeat(1000), "xs", List.of(1, 2, 3)))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}; more than 100,000"
                        + " steps",
                "{% for a in range(999) %}{{ s }}{% endfor %}; writes more than 262,144 characters",
                "{% set n = namespace(x=s) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %};"
                        + " characters in all",
                "{% set n = namespace(x=s) %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %};"
                        + " characters in all",
                "{% set n = namespace(x=xs) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}; steps",
                "{{ s * 10 ** 9 }}; characters in all",
                "{{ xs * 10 ** 9 }}; steps",
                "{{ s|replace('', s) }}; characters in all",
                "{{ s|center(10 ** 9) }}; characters in all",
                "{{ s|indent(10 ** 9) }}; characters in all",
                "{{ '%9999d' % 1 * 999 }}; characters in all",
                "{{ s.zfill(10 ** 9) }}; characters in all",
                "{{ xs|batch(10 ** 9, 0)|list }}; steps",
                "{{ range(10 ** 9) }}; range() of more than 100000 numbers",
                "{{ 10 ** 10 ** 10 ** 100 }}; an integer of more than 4096 bits",
                "{{ range(9999)|list|join(s) }}; characters in all",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}; nested more than 400 deep when it runs",
                "{% set n = namespace(x=[]) %}{% for a in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }};"
                        + " more than 200 deep",
                "{% set n = namespace(x=[]) %}{% for a in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x =="
                        + " n.x }}; 200 deep",
                "{% set n = namespace(x=[]) %}{% for a in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{"
                        + " n.x|tojson }}; 200 deep",
                "{% set n = namespace(x=()) %}{% for a in range(9999) %}{% set n.x = (n.x,) %}{% endfor %}{{ {n.x: 1}"
                        + " }}; 200 deep",
                "{% set n = namespace() %}{% set n.x = n %}{{ n }}; 200 deep",
                "{% set g = namespace(x=xs) %}{% for a in range(9999) %}{% set g.x = g.x|map('string') %}{% endfor %}"
                        + "{{ g.x|list }};"
                        + " deep",
            })
    void whatGoesBeyondALimitNamesItAndItsPlace(String template, String message) {
        String refused = refusal(template, SMALL).getMessage();
        assertTrue(refused.matches("t\\.jinja, line 1, column \\d+: .*"), refused);
        assertTrue(refused.contains(message), refused);
    }

    /** Half of what a thread has unless told otherwise. */
    private static <T> T onSmallStack(Supplier<T> work) {
        AtomicReference<T> result = new AtomicReference<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(null, () -> result.set(work.get()), "small", 512 << 10);
        thread.setUncaughtExceptionHandler((who, thrown) -> failure.set(thrown));
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
        return result.get();
    }

    private static String outcome(String template, Map<String, ?> variables) {
        try {
            return "text "
                    + JinjaTemplate.parse(template, "t")
                            .render(variables)
                            .text()
                            .length();
        } catch (UserException refused) {
            assertFalse(refused.getMessage().contains("this thread's stack"), refused.getMessage());
            return refused.getMessage();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(",
                "[",
                "{1:",
                "-",
                "not ",
                "x[",
                "f(",
                "x|map(",
                "1 if ",
                "1 + (",
                "{{ x }}{% if 1 %}",
                "x.y|",
                "{% for x in y %}",
                "1 if 1 else ",
                "x is in ",
                "{% macro m() %}",
                "{% generation %}",
                "~ ("
            })
    void nestingNeverOverflowsTheStack(String part) {
        boolean isTag = part.contains("{%");
        String deep = part.repeat(20_000);
        String said = onSmallStack(() -> outcome(isTag ? deep : "{{ " + deep, Map.of()));
        assertTrue(said.startsWith("t, line 1, column"), said);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                " + 1",
                " ~ 1",
                " and 1",
                " < 2",
                "|string",
                ".a",
                "[0]",
                " * 1",
                " ** 1",
                " if 1",
                "|e is string",
                "()"
            })
    void chainsNeverOverflowTheStack(String link) {
        String chain = "{{ 1" + link.repeat(20_000) + " }}";
        String said = onSmallStack(() -> outcome(chain, Map.of()));
        assertTrue(said.startsWith("t, line 1, column") || said.startsWith("text "), said);
    }

    @Test
    void theDeepestThatIsAllowedFitsOnASmallStack() {
        int depth = 98;
        String blocks = "{% if 1 %}{% for x in [1] %}".repeat(20) + "{{ " + "(".repeat(45) + "1" + ")".repeat(45)
                + " }}" + "{% endfor %}{% endif %}".repeat(20);
        assertEquals("text 1", onSmallStack(() -> outcome(blocks, Map.of())));
        String sums = "{{ 1" + " + 1".repeat(depth) + " }}";
        assertEquals("text 2", onSmallStack(() -> outcome(sums, Map.of())));
        String recursion = "{% macro m(n) %}{% if n > 0 %}{{ '.' ~ m(n - 1) }}{% endif %}{% endmacro %}{{ m(50) }}";
        assertEquals("text 50", onSmallStack(() -> outcome(recursion, Map.of())));
        String endless =
                "{% macro m(n) %}{% if n > 0 %}{{ [('.' ~ m(n + 1))|upper][0] }}{% endif %}{% endmacro %}{{ m(1) }}";
        assertTrue(onSmallStack(() -> outcome(endless, Map.of())).contains("400 deep"));
    }

    @Test
    void aSmallerStackIsALineToo() throws InterruptedException {
        String template = "{{ " + "(".repeat(90) + "1" + ")".repeat(90) + " }}";
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = new Thread(null, () -> JinjaTemplate.parse(template, "t"), "tiny", 1);
        thread.setUncaughtExceptionHandler((who, failure) -> thrown.set(failure));
        thread.start();
        thread.join();
        assertTrue(
                thrown.get() == null
                        || thrown.get().getMessage().equals("t: nested more deeply than this thread's stack allows"),
                () -> String.valueOf(thrown.get()));
    }

    @Test
    void deepVariablesAreRefused() {
        List<Object> deep = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            deep = new ArrayList<>(List.of(deep));
        }
        List<Object> variable = deep;
        String said = onSmallStack(() -> outcome("{{ x }}", Map.of("x", variable)));
        assertEquals("t: a value is nested more than 200 deep", said);
    }

    @Test
    void longStringsOfAnyKindCostNoMoreThanTheirLength() {
        String digits = "1_".repeat(100_000) + "1";
        String words = "word ".repeat(100_000);
        for (String expression : List.of(
                "s|int",
                "s|float",
                "s|length",
                "s.split()|length",
                "s.split('_')|length",
                "s|title|length",
                "s.lower()|length",
                "s|wordcount",
                "s[::-1]|length",
                "s|trim|length",
                "s.rsplit()|length",
                "s.splitlines()|length",
                "s|tojson|length",
                "[s]|string|length",
                "s.strip('1_')|length",
                "s|replace('_', '')|length",
                "s|list|unique|list|length")) {
            for (String text : List.of(digits, words)) {
                assertTimeoutPreemptively(
                        Duration.ofSeconds(20),
                        () -> outcome("{{ " + expression + " }}", Map.of("s", text)),
                        expression);
            }
        }
    }
}
