package org.xecomla.corpus.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** What a row says is read or refused by name: the forms of TRL, ShareGPT, Alpaca, Dolly, ms-swift, LLaMA-Factory. */
class RowFormsTest {
    private static final Path CASES = Path.of("src/test/resources/cases");
    private static final Message ASKED = new Message("user", "Is it warm in Bern?");
    private static final Message SAID = new Message("assistant", "It is.");

    @TempDir
    Path directory;

    private static List<Document> documents(Path file) {
        List<Document> documents = new ArrayList<>();
        TextDocuments.of(List.of(DataFiles.path(file.toAbsolutePath().toString())))
                .read(documents::add);
        return documents;
    }

    private Document document(String row) throws IOException {
        return documents(Files.writeString(directory.resolve("a.jsonl"), row + "\n"))
                .get(0);
    }

    private static List<Preference> preferences(Path file) {
        DocumentSplit split = PreferenceFiles.splits(
                        List.of(DataFiles.path(file.toAbsolutePath().toString())), 1 << 20)
                .get(0);
        return PreferenceFiles.read(split, 0, Long.MAX_VALUE);
    }

    private Preference preference(String row) throws IOException {
        return preferences(Files.writeString(directory.resolve("p.jsonl"), row + "\n"))
                .get(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"conversation", "conversations-role", "prompt-completion-messages"})
    void turnsAreFoundUnderTheKeysThatTheyComeUnder(String name) {
        Document document =
                documents(CASES.resolve("26-other-forms/" + name + ".jsonl")).get(0);
        assertEquals(
                List.of("user", "assistant"),
                document.messages().stream().map(Message::role).toList());
        assertEquals("Is it warm in Bern?\nIt is.", document.text());
    }

    @Test
    void dollyAsksWithItsContext() throws IOException {
        Document plain = documents(CASES.resolve("26-other-forms/dolly.jsonl")).get(0);
        assertEquals(List.of(new Message("user", "Say hi."), new Message("assistant", "Hi.")), plain.messages());
        Document about =
                document("{\"instruction\": \"Sum up.\", \"context\": \"A long text.\", \"response\": \"Short.\"}");
        assertEquals("Sum up.\nA long text.", about.messages().get(0).content());
        Document swift =
                document("{\"query\": \"c\", \"response\": \"d\", \"history\": [[\"a\", \"b\"]], \"system\": \"S\"}");
        assertEquals("S\na\nb\nc\nd", swift.text());
    }

    @Test
    void onlyTheCompletionOfAPromptIsLearned() throws IOException {
        Document text = documents(CASES.resolve("26-other-forms/prompt-completion.jsonl"))
                .get(0);
        assertEquals("Is 7 prime? Yes.", text.text());
        assertEquals("Is 7 prime?".length(), text.promptLength());
        Document turns = document(
                "{\"prompt\": [{\"role\": \"assistant\", \"content\": \"a\"}, {\"role\": \"user\", \"content\":"
                        + " \"b\"}],"
                        + " \"completion\": [{\"role\": \"assistant\", \"content\": \"c\"}]}");
        assertEquals(
                List.of(false, false, true),
                turns.messages().stream().map(Message::isLearned).toList());
    }

    @Test
    void toolsCallsAndThoughtsReachTheTemplate() {
        Path cases = CASES.resolve("11-tool-calls");
        for (String name : List.of("empty-content", "null-content")) {
            Message call =
                    documents(cases.resolve(name + ".jsonl")).get(0).messages().get(1);
            Map<?, ?> first = (Map<?, ?>) ((List<?>) call.fields().get("tool_calls")).get(0);
            assertEquals(Map.of("name", "weather", "arguments", Map.of("place", "Bern")), first.get("function"), name);
            assertEquals(name.equals("null-content") ? null : "", call.fields().get("content"));
            assertTrue(call.fields().containsKey("content"));
        }
        Document thoughts = documents(cases.resolve("reasoning.jsonl")).get(0);
        assertEquals("I look outside.", thoughts.messages().get(1).fields().get("reasoning_content"));
        Document tools = documents(cases.resolve("tools.jsonl")).get(0);
        List<?> given = (List<?>) tools.conversation().orElseThrow().settings().get("tools");
        assertEquals("function", ((Map<?, ?>) given.get(0)).get("type"));
    }

    @Test
    void toolsMayStandInAStringAndSettingsInTheRow() throws IOException {
        Document document = document("{\"conversations\": [{\"from\": \"human\", \"value\": \"a\"}, {\"from\":"
                + " \"function_call\", \"value\": \"{\\\"name\\\": \\\"f\\\", \\\"arguments\\\": {\\\"x\\\": 1}}\"},"
                + " {\"from\":"
                + " \"observation\", \"value\": \"r\"}, {\"from\": \"gpt\", \"value\": \"b\"}], \"system\": \"S\","
                + " \"tools\":"
                + " \"[{\\\"name\\\": \\\"f\\\"}]\", \"chat_template_kwargs\": {\"enable_thinking\": false}}");
        assertEquals(
                List.of("system", "user", "assistant", "tool", "assistant"),
                document.messages().stream().map(Message::role).toList());
        assertEquals(
                List.of(Map.of("type", "function", "function", Map.of("name", "f", "arguments", Map.of("x", 1)))),
                document.messages().get(2).fields().get("tool_calls"));
        assertEquals(
                Map.of("enable_thinking", false, "tools", List.of(Map.of("name", "f"))),
                document.conversation().orElseThrow().settings());
    }

    @Test
    void turnsThatAreMarkedSoAreNotLearned() {
        for (Document document : documents(CASES.resolve("14-turns-not-to-learn/a.jsonl"))) {
            List<Boolean> learned = document.messages().stream()
                    .filter(Message::isAssistant)
                    .map(Message::isLearned)
                    .toList();
            assertEquals(List.of(false, true), learned);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"weight\": 0", "train\": false", "loss\": false"})
    void eachMarkLeavesItsTurnOut(String mark) throws IOException {
        Document document = document("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\":"
                + " \"assistant\", \"content\": \"b\", \"" + mark + "}]}");
        assertFalse(document.messages().get(1).isLearned());
    }

    @Test
    void partsThatAreTextsAreRead() {
        Document document = documents(CASES.resolve("25-content-parts/a.jsonl")).get(0);
        assertEquals("Is it warm?\nYes.", document.text());
        assertInstanceOf(List.class, document.messages().get(0).fields().get("content"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image\"}]}]}; a part of type"
                        + " \"image\"",
                "{\"messages\": [{\"role\": \"user\", \"content\": {\"a\": 1}}]}; without a text as \"content\" but"
                        + " object",
                "{\"messages\": [{\"role\": \"assistant\", \"content\": null}]}; without a text as \"content\" but"
                        + " null",
                "{\"messages\": [{\"role\": 3, \"content\": \"a\"}]}; without a text as \"role\"",
                "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\", \"weight\": 0.5}]}; with \"weight\":"
                        + " 0.5",
                "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\", \"train\": \"no\"}]}; with \"train\":"
                        + " \"no\"",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\", \"train\": true}]}; only what the"
                        + " assistant says",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"images\": [\"a.png\"]}; has \"images\"",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": \"[f\"}; has \"tools\"",
                "{\"messages\": [{\"role\": \"system\", \"content\": \"a\"}], \"system\": \"b\"}; has a \"system\""
                        + " beside",
                "{\"instruction\": \"a\", \"output\": \"b\", \"history\": [\"x\"]}; has a \"history\"",
                "{\"conversations\": [{\"from\": \"function_call\", \"value\": \"f()\"}]}; whose value is not JSON",
                "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\", \"loss\": \"no\"}]}; with \"loss\":"
                        + " \"no\"",
                "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\", \"loss\": false, \"weight\": 1}]};"
                        + " whose \"weight\" and \"loss\" say different things",
                "{\"prompt\": \"a\", \"completion\": \"b\", \"label\": false}; has \"label\": false",
                "{\"question\": \"a\", \"answer\": \"b\"}; only [question, answer]",
            })
    void whatCannotBeReadIsRefusedByName(String row, String message) {
        UserException refused = assertThrows(UserException.class, () -> document(row));
        assertTrue(refused.getMessage().contains("a.jsonl line 1 has "), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }

    @Test
    void pairsComeInTheFormsOfTrlSwiftAndLlamaFactory() {
        Path cases = CASES.resolve("26-other-forms");
        Preference.Plain hh =
                (Preference.Plain) preferences(cases.resolve("pairs-hh.jsonl")).get(0);
        assertEquals("\n\nHuman: Is 7 prime?\n\nAssistant:", hh.prompt());
        assertEquals(" Yes.", hh.chosen());
        assertEquals(" No.", hh.rejected());
        Message yes = new Message("assistant", "Yes.");
        Message no = new Message("assistant", "No.");
        Preference.Chat factory = (Preference.Chat)
                preferences(cases.resolve("pairs-llamafactory.jsonl")).get(0);
        assertEquals(
                List.of(new Message("user", "Is 7 prime?")), factory.prompt().messages());
        assertEquals(List.of(yes), factory.chosen());
        assertEquals(List.of(no), factory.rejected());
        Preference.Chat mixed = (Preference.Chat)
                preferences(cases.resolve("pairs-mixed.jsonl")).get(0);
        assertEquals(List.of(ASKED), mixed.prompt().messages());
        assertEquals(List.of(yes), mixed.chosen());
        Preference.Chat swift = (Preference.Chat)
                preferences(cases.resolve("pairs-swift.jsonl")).get(0);
        assertEquals(List.of(ASKED), swift.prompt().messages());
        assertEquals(List.of(SAID), swift.chosen());
        assertEquals(List.of(no), swift.rejected());
    }

    @Test
    void wholeConversationsShareTheirPromptWhateverElseTheRowSays() throws IOException {
        String turn = "{\"role\": \"user\", \"content\": \"a\"}, ";
        String chosen = "[" + turn + "{\"role\": \"assistant\", \"content\": \"b\"}]";
        String rejected = "[" + turn + "{\"role\": \"assistant\", \"content\": \"c\"}]";
        Preference.Chat chat = (Preference.Chat) preference("{\"prompt\": \"a\", \"chosen\": " + chosen + ", \"reject"
                + "ed\": "
                + rejected + ", \"messages\": " + chosen + ", \"tools\": [{\"name\": \"f\"}]}");
        assertEquals(List.of(new Message("user", "a")), chat.prompt().messages());
        assertEquals(List.of(new Message("assistant", "b")), chat.chosen());
        assertTrue(chat.prompt().settings().containsKey("tools"));
        Preference.Plain plain = (Preference.Plain)
                preference("{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\", \"messages\": null}");
        assertEquals("a", plain.prompt());
        Preference.Chat alpaca = (Preference.Chat)
                preference("{\"instruction\": \"a\", \"input\": \"x\", \"chosen\": \"b\", \"rejected\": \"c\"}");
        assertEquals("a\nx", alpaca.prompt().messages().get(0).content());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"prompt\": \"a\", \"chosen\": \"b\"}; has nothing under \"rejected\"",
                "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": null}; has nothing under \"rejected\"",
                "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\", \"system\": \"S\"}; has a \"system\""
                        + " beside texts",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"rejected_response\": \"c\"};"
                        + " rejected_response",
            })
    void whatIsNoPreferenceIsRefusedByName(String row, String message) {
        UserException refused = assertThrows(UserException.class, () -> preference(row));
        assertTrue(refused.getMessage().contains("p.jsonl line 1 has "), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
        assertFalse(refused.getMessage().contains("every line of the corpus"), refused.getMessage());
    }
}
