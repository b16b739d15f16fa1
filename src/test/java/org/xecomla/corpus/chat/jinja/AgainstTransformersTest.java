package org.xecomla.corpus.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;

/**
 * Every template that the installed TRL and transformers bring, over twenty conversations, and ten thousand random
 * ones: what transformers writes, with the places of its generation blocks, or an error of ours.
 */
@Tag("python")
class AgainstTransformersTest {
    private static final int NUM_RANDOM = 10_000;
    /** Of another category since Unicode 14, which Python 3.11 has and Java 17 has not. */
    private static final Set<Integer> CHANGED = Set.of(0x1734);

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    private record Case(String name, String template, Map<String, Object> variables) {}

    /** How the two compare. */
    private static final class Counts {
        private int numEqual;
        private int numRefusedByUs;
        private int numRefusedByBoth;
        private final Map<String, Integer> refusals = new LinkedHashMap<>();
        private final List<String> different = new ArrayList<>();

        @Override
        public String toString() {
            return numEqual + " equal, " + numRefusedByBoth + " refused by both, " + numRefusedByUs
                    + " refused by us alone, " + different.size() + " different";
        }
    }

    @Test
    void publishedTemplatesWriteWhatTransformersWrites() throws Exception {
        Path collected = directory.resolve("collected.jsonl");
        run("collect", collected.toString());
        List<Case> cases = new ArrayList<>();
        for (String line : Files.readAllLines(collected)) {
            JsonNode one = JSON.readTree(line);
            for (Map<String, Object> variables : Conversations.all()) {
                cases.add(new Case(
                        one.get("name").textValue(), one.get("template").textValue(), variables));
            }
        }
        assertTrue(cases.size() > 1000, cases.size() + " cases prove nothing");
        Counts counts = compare(cases);
        System.out.println("chat templates of TRL and transformers: " + counts + " " + counts.refusals);
        assertEquals(List.of(), counts.different);
        assertTrue(counts.numRefusedByUs * 100 <= cases.size(), counts.toString());
    }

    @Test
    void randomTemplatesWriteWhatTransformersWrites() throws Exception {
        TemplateGenerator generator = new TemplateGenerator(20_240_917);
        List<Case> cases = new ArrayList<>();
        for (int i = 0; i < NUM_RANDOM; i++) {
            cases.add(new Case("random " + i, generator.template(), generator.variables()));
        }
        Counts counts = compare(cases);
        System.out.println("random templates: " + counts + " " + counts.refusals);
        assertEquals(List.of(), counts.different);
        assertTrue(counts.numEqual * 3 >= cases.size(), counts.toString());
        assertTrue(counts.numRefusedByUs * 100 <= 5 * cases.size(), counts.toString());
    }

    /** Case, classes of characters, white space and quoting, of all that Java's Unicode knows. */
    @Test
    void everyCharacterIsWhatItIsInPython() throws Exception {
        String template = """
                {% for c in characters %}{{ c.upper() ~ c.lower() ~ c.title() ~ c.capitalize() ~ (c ~ c)|title }} \
                {{ [c.isalpha(), c.isdigit(), c.isdecimal(), c.isspace(), c.isupper(), c.islower(), c.isalnum()] }} \
                {{ ('a' ~ c ~ 'b')|wordcount }}{{ ('a' ~ c ~ 'b').splitlines() }}{{ ('a' ~ c)|trim|length }} \
                {{ ('ΑΣ' ~ c).lower() ~ ('Α' ~ c ~ 'Σ').lower() ~ ('a' ~ c).title() ~ c|tojson }} {{ [c] }}
                {% endfor %}""";
        List<Case> cases = new ArrayList<>();
        List<String> characters = new ArrayList<>();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            int type = Character.getType(c);
            boolean isKnown =
                    type != Character.UNASSIGNED && type != Character.SURROGATE && type != Character.PRIVATE_USE;
            if (isKnown && !CHANGED.contains(c)) {
                characters.add(Character.toString(c));
            }
            if (characters.size() == 1000 || c == Character.MAX_CODE_POINT) {
                Map<String, Object> variables = Map.of("messages", List.of(), "characters", List.copyOf(characters));
                cases.add(new Case("characters up to " + Integer.toHexString(c), template, variables));
                characters.clear();
            }
        }
        assertTrue(cases.size() > 130, cases.size() + " thousand characters");
        Counts counts = compare(cases);
        System.out.println("characters, by the thousand: " + counts + " " + counts.refusals);
        assertEquals(List.of(), counts.different);
        assertEquals(cases.size(), counts.numEqual);
    }

    private Counts compare(List<Case> cases) throws Exception {
        Path input = directory.resolve("cases.jsonl");
        Path output = directory.resolve("rendered.jsonl");
        List<String> lines = new ArrayList<>();
        for (Case one : cases) {
            lines.add(JSON.writeValueAsString(Map.of("template", one.template(), "variables", one.variables())));
        }
        Files.write(input, lines);
        run("render", input.toString(), output.toString());
        List<String> rendered = Files.readAllLines(output);
        assertEquals(cases.size(), rendered.size());
        Counts counts = new Counts();
        for (int i = 0; i < cases.size(); i++) {
            compare(cases.get(i), JSON.readTree(rendered.get(i)), counts);
        }
        return counts;
    }

    private static void compare(Case one, JsonNode theirs, Counts counts) {
        Rendering ours;
        try {
            ours = JinjaTemplate.parse(one.template(), "template").render(one.variables());
        } catch (UserException refused) {
            if (theirs.has("text")) {
                counts.numRefusedByUs++;
                counts.refusals.merge(refused.getMessage().replaceAll("line \\d+, column \\d+", ""), 1, Integer::sum);
            } else {
                counts.numRefusedByBoth++;
            }
            return;
        }
        if (!theirs.has("text") || !theirs.get("text").textValue().equals(ours.text()) || !sameSpans(ours, theirs)) {
            counts.different.add("%n%s%n%s%n%s%nours:   %s%ntheirs: %s%n"
                    .formatted(
                            one.name(),
                            one.template(),
                            one.variables(),
                            fromDifference(
                                    ours.toString(),
                                    "Rendering[text=" + theirs.path("text").asText()),
                            theirs.has("text")
                                    ? fromDifference(theirs.get("text").textValue(), ours.text())
                                    : theirs));
        } else {
            counts.numEqual++;
        }
    }

    private static String fromDifference(String text, String other) {
        int common = Math.max(0, Arrays.mismatch(text.toCharArray(), other.toCharArray()) - 40);
        return text.substring(common, Math.min(text.length(), common + 1000));
    }

    /** Theirs are in code points. */
    private static boolean sameSpans(Rendering ours, JsonNode theirs) {
        if (!ours.generationsAreKnown()) {
            return true;
        }
        List<List<Integer>> spans = new ArrayList<>();
        for (Rendering.Span span : ours.generations()) {
            String text = ours.text();
            spans.add(List.of(text.codePointCount(0, span.start()), text.codePointCount(0, span.end())));
        }
        return JSON.valueToTree(spans).equals(theirs.get("spans"));
    }

    private static void run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("src/main/scripts/render-chat-templates"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
    }
}
