package org.xecomla.corpus.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.corpus.text.Message;
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
}
