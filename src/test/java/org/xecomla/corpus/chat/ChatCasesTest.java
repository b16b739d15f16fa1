package org.xecomla.corpus.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.corpus.chat.jinja.JinjaTemplate;
import org.xecomla.corpus.text.Conversation;
import org.xecomla.corpus.text.Document;
import org.xecomla.corpus.text.Message;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** Templates after public reports that once wrote other text than transformers; src/test/resources/cases. */
class ChatCasesTest {
    private static final Path CASES = Path.of("src/test/resources/cases");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static ChatTemplate open(String name) {
        org.apache.hadoop.fs.Path directory =
                DataFiles.path(CASES.resolve(name).toAbsolutePath().toString());
        return ChatTemplate.open(directory, directory);
    }

    private static List<Message> messages(JsonNode turns) {
        List<Message> messages = new ArrayList<>();
        turns.forEach(turn -> messages.add(
                new Message(turn.get("role").textValue(), turn.get("content").textValue())));
        return messages;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"06-template-with-crlf", "08-template-loop-scope", "10-template-values", "28-template-idioms"})
    void textsAreThoseOfJinja2(String name) throws IOException {
        JsonNode turns =
                JSON.readTree(CASES.resolve(name).resolve("messages.json").toFile());
        String expected = JSON.readTree(
                        CASES.resolve(name).resolve("expected.json").toFile())
                .textValue();
        assertEquals(expected, open(name).render(messages(turns), false));
    }

    @Test
    void theTemplateOfWindowsStillHasItsLineEnds() throws IOException {
        assertTrue(Files.readString(CASES.resolve("06-template-with-crlf/chat_template.jinja"))
                .contains("\r\n"));
    }

    @Test
    void aTokenizerWithoutEosIsAnErrorThatNamesItAndItsFile() throws IOException {
        Path line = CASES.resolve("01-template-without-eos/a.jsonl");
        List<Message> messages = messages(JSON.readTree(Files.readString(line)).get("messages"));
        UserException refused = assertThrows(
                UserException.class, () -> open("01-template-without-eos").render(messages, false));
        assertTrue(refused.getMessage().contains("it writes eos_token, and "), refused.getMessage());
        assertTrue(
                refused.getMessage().contains("01-template-without-eos/tokenizer_config.json does not say"),
                refused.getMessage());
    }

    private static List<Document> documents(String file) {
        List<Document> documents = new ArrayList<>();
        TextDocuments.of(List.of(
                        DataFiles.path(CASES.resolve(file).toAbsolutePath().toString())))
                .read(documents::add);
        return documents;
    }

    private static final String TOOLS = "{{ tools|tojson if tools }}{% for m in messages %}<{{ m.role }}>{{"
            + " m.content }}"
            + "{% for call in m.tool_calls or [] %}{{ call.function|tojson }}{% endfor %};{% endfor %}";

    /** Against the template rendered with the row's own JSON, as apply_chat_template gives it. */
    @ParameterizedTest
    @ValueSource(strings = {"empty-content", "null-content", "tools"})
    void whatARowSaysOfToolsIsWritten(String name) throws IOException {
        Path file = CASES.resolve("11-tool-calls/" + name + ".jsonl");
        Map<String, Object> variables = new HashMap<>();
        variables.put("tools", null);
        variables.putAll(JSON.readValue(Files.readString(file), new TypeReference<Map<String, Object>>() {}));
        String expected = JinjaTemplate.parse(TOOLS, "it").render(variables).text();
        Conversation conversation = documents("11-tool-calls/" + name + ".jsonl")
                .get(0)
                .conversation()
                .orElseThrow();
        assertEquals(expected, ChatTemplate.of(TOOLS, Map.of(), "it").render(conversation, false));
        assertTrue(expected.contains("weather"), expected);
    }

    @ParameterizedTest
    @CsvSource({"empty-content, tool_calls", "tools, tools", "reasoning, reasoning_content"})
    void whatATemplateWouldLeaveOutIsRefusedByName(String name, String key) {
        ChatTemplate plain =
                ChatTemplate.of("{% for m in messages %}{{ m.content }}{% endfor %}", Map.of(), "plain.jinja");
        Conversation conversation = documents("11-tool-calls/" + name + ".jsonl")
                .get(0)
                .conversation()
                .orElseThrow();
        UserException refused = assertThrows(UserException.class, () -> plain.render(conversation, false));
        assertTrue(refused.getMessage().startsWith("plain.jinja does not know " + key + ","), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for m in messages %}{{ m.content }};{% endfor %}",
                "{% for m in messages %}{{ m.content | trim }};{% endfor %}",
                "{% for m in messages %}{{ m.content + '' }};{% endfor %}",
                "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
                        + "{{ p.text }}{% endfor %}{% endif %};{% endfor %}",
                "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %};{% endfor %}",
                "{% if messages[0].role != 'user' %}{{ raise_exception('no') }}{% endif %}{% for m in messages %}"
                        + "{{ m.content if m.content is string else m.content|map(attribute='text')|join }};{%"
                        + " endfor %}",
            })
    void partsAreWrittenAsTheOneTextThatTheyAre(String template) {
        Conversation parts =
                documents("25-content-parts/a.jsonl").get(0).conversation().orElseThrow();
        ChatTemplate chat = ChatTemplate.of(template, Map.of(), "parts.jinja");
        assertEquals("Is it warm?;Yes.;", chat.render(parts, false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for m in messages %}[{{ m.role }}]{{ m.content }};{% endfor %}",
                "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' %}{% generation %}{{ m.content }};"
                        + "{% endgeneration %}{% else %}{{ m.content }};{% endif %}{% endfor %}",
                "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' %}{% generation %}{{ m.content[:2] }}"
                        + "{% endgeneration %}{% generation %}{{ m.content[2:] }};{% endgeneration %}"
                        + "{% else %}{{ m.content }};{% endif %}{% endfor %}",
            })
    void turnsThatAreMarkedSoAreNotLearned(String template) {
        ChatTemplate chat = ChatTemplate.of(template, Map.of(), "marks.jinja");
        for (Document document : documents("14-turns-not-to-learn/a.jsonl")) {
            RenderedChat rendered = chat.renderWithSpans(document.conversation().orElseThrow());
            String learned = rendered.assistant().stream()
                    .map(span -> rendered.text().substring(span.start(), span.end()))
                    .collect(Collectors.joining());
            assertEquals("It is.;", learned.replace("[assistant]", ""));
            int first = rendered.assistant().get(0).start();
            assertTrue(first > rendered.text().indexOf("It is."), "the second answer");
        }
    }
}
