package org.xecomla.corpus.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.errors.UserException;

/** What is unknown is an error when a template is parsed, what goes wrong when it runs is one then; both say where. */
class RefusalTest {
    private static String refusalOfParsing(String template) {
        return assertThrows(UserException.class, () -> JinjaTemplate.parse(template, "chat.jinja"))
                .getMessage();
    }

    private static String refusalOfRendering(String template, Map<String, ?> variables) {
        JinjaTemplate parsed = JinjaTemplate.parse(template, "chat.jinja");
        return assertThrows(UserException.class, () -> parsed.render(variables)).getMessage();
    }

    /** None of them is ever reached. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{{ x|zap }}; column 20: there is no filter zap",
                "{{ x is zap }}; column 23: there is no test zap",
                "{% zap %}; column 18: there is no tag zap here",
                "{{ x.zap() }}; column 20: there is no method zap",
                "{{ zap() }}; column 18: there is no function zap",
                "{{ x|trim(1, 2) }}; column 20: the filter trim takes one argument, not 2",
                "{{ x|replace('a') }}; column 20: the filter replace needs new",
                "{{ x|tojson(zap=1) }}; column 20: the filter tojson takes no argument called zap",
                "{{ x is divisibleby }}; column 23: the test divisibleby needs num",
                "{{ x|map('zap') }}; column 24: there is no filter zap",
                "{{ x|selectattr('a', 'zap') }}; column 36: there is no test zap",
                "{% include 'a' %}; column 18: the tag include is not supported",
                "{{ cycler('a') }}; column 18: the global cycler is not supported",
                "{{ f(*x) }}; column 20: arguments by * and ** are not supported",
            })
    void unknownThingsAreRefusedWhenParsed(String part, String message) {
        String template = "\n{% if false %}" + part + "{% endif %}";
        assertEquals("chat.jinja, line 2, " + message, refusalOfParsing(template));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a\\n{% if x %}b; 2; 12; found the end of the template where {% elif %} or {% else %} or {% endif %}"
                        + " should be",
                "a {{ x; 1; 3; a tag that is never closed",
                "{{ 'a }}; 1; 4; a string that is never closed",
                "a\\n\\n {# b; 3; 2; a comment that is never closed",
                "{{ (x] }}; 1; 6; \"]\" closes nothing",
                "{{ x y }}; 1; 6; found \"y\" where }} should be",
                "{{ x ? }}; 1; 6; \"?\" has no meaning in a tag",
                "{{ x if }}; 1; 9; found }} where a value should be",
                "{% set 1 = 2 %}; 1; 8; found a number where a name should be",
                "{% break %}; 1; 4; break outside of a loop",
                "{{ '\\\\xzz' }}; 1; 4; an escape that is cut short in a string",
            })
    void whatIsNoTemplateIsRefusedWithItsPlace(String template, int line, int column, String message) {
        String source = template.replace("\\n", "\n").replace("\\\\", "\\");
        assertEquals("chat.jinja, line " + line + ", column " + column + ": " + message, refusalOfParsing(source));
    }

    @Test
    void whatGoesWrongWhenItRunsSaysWhere() {
        assertEquals("chat.jinja, line 2, column 6: \"x\" is undefined", refusalOfRendering("a\n{{ x.y }}", Map.of()));
        assertEquals(
                "chat.jinja, line 1, column 6: + is not for a str and an int",
                refusalOfRendering("{{ x + 1 }}", Map.of("x", "a")));
    }

    @Test
    void aTemplatesOwnRefusalIsInItsOwnWords() {
        assertEquals(
                "chat.jinja refuses this conversation: only users may speak",
                refusalOfRendering("{{ raise_exception('only ' ~ who ~ ' may speak') }}", Map.of("who", "users")));
    }

    @Test
    void noTemplateIsToldTheDate() {
        assertEquals(
                "d",
                JinjaTemplate.parse("{{ strftime_now('%d') if strftime_now is defined else 'd' }}", "it")
                        .render(Map.of())
                        .text());
        String refused = refusalOfRendering("{{ strftime_now('%d') }}", Map.of());
        assertEquals(
                "chat.jinja, line 1, column 16: it asks for today's date (strftime_now), with which the same"
                        + " conversation"
                        + " would be other tokens tomorrow: write a date into the template",
                refused);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{{ t }}", "{{ t ~ 'a' }}", "{{ 'a' + t }}", "{{ [t] }}", "{{ t|upper }}", "{{ [t]|join }}"})
    void aValueThatMustNotBeMissingCanBeAskedForAndNotWritten(String template) {
        Map<String, Object> variables = Map.of("t", JinjaTemplate.missing("there is no t"));
        String refused = refusalOfRendering(template, variables);
        assertEquals("there is no t", refused.replaceAll(".*column \\d+: ", ""));
        assertEquals(
                "ab",
                JinjaTemplate.parse("{{ t|default('a') }}{{ t if t is defined else 'b' }}", "it")
                        .render(variables)
                        .text());
    }
}
