package org.xecomla.corpus.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.xecomla.errors.UserException;

/** What transformers writes of templates that are about one thing each; see src/test/resources/chat/jinja. */
class LanguageTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What Jinja2 knows and we refuse, with what is said then. */
    private static final Map<String, String> NOT_SUPPORTED = new TreeMap<>(Map.of(
            "{% block a %}b{% endblock %}",
            "it, line 1, column 4: the tag block is not supported",
            "{% for x in xs recursive %}{{ x }}{% endfor %}",
            "it, line 1, column 16: recursive loops are not supported",
            "{% raw %}",
            "it, line 1, column 1: a raw block that is never closed",
            "{{ d.__class__ }}",
            "it, line 1, column 6: the attribute __class__ is out of bounds",
            "{{ lipsum is defined }}",
            "it, line 1, column 4: the global lipsum is not supported",
            "{{ n.real }}",
            "it, line 1, column 6: the attribute real of an int is not supported",
            "{{ namespace }}",
            "it, line 1, column 1: a function cannot be printed: Python would print its address",
            "{{ xs[1, 2] }}",
            "it, line 1, column 8: several subscripts at once are not supported"));

    @Test
    void everyTemplateWritesWhatTransformersWritesOrIsRefused() throws IOException {
        JsonNode golden = JSON.readTree(Files.readAllBytes(Path.of("src/test/resources/chat/jinja/language.json")));
        Map<String, Object> variables = JSON.convertValue(golden.get("variables"), new TypeReference<>() {});
        List<String> different = new ArrayList<>();
        Map<String, String> refusedByUs = new TreeMap<>();
        int numEqual = 0;
        for (JsonNode one : golden.get("cases")) {
            String template = one.get("template").textValue();
            JsonNode expected = one.path("text");
            try {
                Rendering ours = JinjaTemplate.parse(template, "it").render(variables);
                if (expected.isTextual() && expected.textValue().equals(ours.text()) && sameSpans(one, ours)) {
                    numEqual++;
                } else {
                    different.add(template + "\n  ours:   " + ours + "\n  theirs: " + one);
                }
            } catch (UserException refused) {
                if (expected.isTextual()) {
                    refusedByUs.put(template, refused.getMessage());
                }
            }
        }
        assertEquals(List.of(), different);
        assertEquals(NOT_SUPPORTED, refusedByUs);
        assertTrue(numEqual > 200, numEqual + " equal prove nothing");
    }

    private static boolean sameSpans(JsonNode one, Rendering ours) {
        List<List<Integer>> spans = new ArrayList<>();
        for (Rendering.Span span : ours.generations()) {
            spans.add(List.of(
                    ours.text().codePointCount(0, span.start()), ours.text().codePointCount(0, span.end())));
        }
        return JSON.valueToTree(spans).equals(one.get("spans"));
    }
}
