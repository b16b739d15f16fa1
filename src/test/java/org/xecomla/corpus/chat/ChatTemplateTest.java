package org.xecomla.corpus.chat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.corpus.text.Conversation;
import org.xecomla.corpus.text.Message;
import org.xecomla.corpus.tokenizer.MaskedTokens;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.corpus.tokenizer.TokenizerTest;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** Against transformers' {@code apply_chat_template} on the templates of src/test/resources/chat. */
class ChatTemplateTest {
    private static final Path CHAT = Path.of("src/test/resources/chat");
    private static final Map<String, String> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");

    @TempDir
    Path directory;

    private static ChatTemplate template(String name) throws IOException {
        return ChatTemplate.of(Files.readString(CHAT.resolve(name)), TOKENS, name);
    }

    private static JsonNode expected() throws IOException {
        return new ObjectMapper().readTree(Files.readAllBytes(CHAT.resolve("expected.json")));
    }

    private static List<Message> messages(JsonNode turns) {
        List<Message> messages = new ArrayList<>();
        turns.forEach(turn -> messages.add(
                new Message(turn.get("role").asText(), turn.get("content").asText())));
        return messages;
    }

    private static Tokenizer tokenizer() {
        return TokenizerTest.open(TokenizerTest.resource("byte-fallback"));
    }

    @Test
    void textsAndRefusalsAreThoseOfTransformers() throws IOException {
        JsonNode cases = expected().get("cases");
        assertEquals(numTemplates() * expected().get("chats").size() * 2, cases.size());
        for (JsonNode one : cases) {
            ChatTemplate template = template(one.get("template").asText());
            boolean prompt = one.get("prompt").asBoolean();
            List<Message> messages = messages(one.get("messages"));
            String where = one.get("template").asText() + " " + messages.size() + " " + prompt;
            if (one.get("text").isNull()) {
                UserException refused =
                        assertThrows(UserException.class, () -> template.render(messages, prompt), where);
                assertTrue(refused.getMessage().contains(one.get("refused").asText()), refused.getMessage());
            } else {
                assertEquals(one.get("text").asText(), template.render(messages, prompt), where);
            }
        }
    }

    private static long numTemplates() throws IOException {
        try (Stream<Path> files = Files.list(CHAT)) {
            return files.filter(file -> file.toString().endsWith(".jinja")).count();
        }
    }

    /** What transformers 5.18 makes of them. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "'plain {% if messages %}yes {% endif %}x'; 'plain yes x'",
                "'{% for m in messages %}{{ m.role }} {% endfor %}|'; 'user |'",
                "'a\\n  {% if messages %}\\n  b \\n  {% endif %}\\nc\\n'; 'a\\n  b \\nc'",
                "'a\\n  {# nothing #}\\nb\\n\\t{{ messages[0].content }}'; 'a\\nb\\n\\thi'",
                "'{% if messages %} \\n a {%- endif %} b'; ' \\n a b'",
            })
    void blanksAreThoseOfTransformers(String template, String text) {
        ChatTemplate chat = ChatTemplate.of(template.replace("\\n", "\n").replace("\\t", "\t"), TOKENS, "test");
        String rendered = chat.render(List.of(new Message("user", "hi")), false);
        assertEquals(text.replace("\\n", "\n").replace("\\t", "\t"), rendered);
    }

    @Test
    void idsAndMasksAreThoseOfTransformers() throws IOException {
        int numSeen = 0;
        try (Tokenizer tokenizer = tokenizer()) {
            for (JsonNode one : expected().get("cases")) {
                if (one.has("ids")) {
                    ChatTemplate template = template(one.get("template").asText());
                    MaskedTokens tokens = template.tokens(new Conversation(messages(one.get("messages"))), tokenizer);
                    int[] mask = new int[tokens.ids().length];
                    Arrays.setAll(mask, i -> tokens.counted()[i] ? 1 : 0);
                    String where = one.get("template").asText() + " " + one.get("text");
                    assertArrayEquals(ints(one.get("ids")), tokens.ids(), where);
                    assertArrayEquals(ints(one.get("mask")), mask, where);
                    numSeen++;
                }
            }
        }
        assertEquals(13, numSeen);
    }

    private static int[] ints(JsonNode numbers) {
        int[] values = new int[numbers.size()];
        Arrays.setAll(values, i -> numbers.get(i).asInt());
        return values;
    }

    @Test
    void aTemplateWithoutTagsGivesTheSameMaskAsTheOneWithThem() throws IOException {
        for (String name : List.of("headers", "alternating", "calls")) {
            int numSeen = 0;
            for (JsonNode chat : expected().get("chats")) {
                List<Message> messages = messages(chat);
                if (name.equals("alternating") && refuses(name, messages)) {
                    continue;
                }
                RenderedChat plain = template(name + ".jinja").renderWithSpans(messages);
                RenderedChat tagged = template(name + "_tagged.jinja").renderWithSpans(messages);
                assertEquals(tagged.text(), plain.text());
                assertEquals(words(tagged), words(plain), name);
                numSeen++;
            }
            assertTrue(numSeen >= 3, name);
        }
    }

    private static boolean refuses(String name, List<Message> messages) throws IOException {
        try {
            template(name + ".jinja").render(messages, false);
            return false;
        } catch (UserException refused) {
            return true;
        }
    }

    private static List<String> words(RenderedChat chat) {
        return chat.assistant().stream()
                .map(span -> chat.text().substring(span.start(), span.end()))
                .toList();
    }

    @Test
    void aTemplateThatRewritesEarlierTurnsIsRefusedForMasks() {
        ChatTemplate last = ChatTemplate.of(
                "{% for m in messages %}{{ loop.last }}{{ m.content }}|{% endfor %}", TOKENS, "last.jinja");
        List<Message> messages = List.of(new Message("user", "a"), new Message("assistant", "b"));
        UserException refused = assertThrows(UserException.class, () -> last.renderWithSpans(messages));
        assertTrue(refused.getMessage().contains("{% generation %}"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{ messages|no_such_filter }}", "{{ no_such_function() }}", "{{ messages[0].zap() }}"})
    void whatIsUnknownIsRefusedBeforeAnythingIsRendered(String text) {
        UserException error =
                assertThrows(UserException.class, () -> ChatTemplate.of("\n" + text, TOKENS, "broken.jinja"));
        assertTrue(error.getMessage().startsWith("broken.jinja, line 2, column "), error.getMessage());
        assertFalse(error.getMessage().contains("\n"), error.getMessage());
    }

    /** CVE-2025-59340: from another interpreter a template could reach any class of the JVM, with the user's rights. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ____int3rpr3t3r____.config }}",
                "{{ ____int3rpr3t3r____.config.objectMapper }}",
                "{{ ____int3rpr3t3r____.config.objectMapper.typeFactory.constructFromCanonical('java.lang.Runtime') }}",
                "{{ messages.class.protectionDomain }}",
                "{{ messages.getClass() }}",
                "{{ messages[0].content.getBytes() }}",
                "{{ ''.__class__.__mro__[1].__subclasses__() }}",
                "{{ range.__globals__ }}",
                "{{ messages|attr('__class__') }}",
                "{{ messages|map(attribute='__class__.__name__')|list }}",
                "{{ namespace(a=1).__init__ }}",
                "{{ '{0.__class__}'.format(messages) }}",
                "{% for m in messages %}{{ loop.__class__ }}{% endfor %}",
                "{{ raise_exception.__globals__ }}",
            })
    void aTemplateReachesNothingOfTheJvm(String template) {
        assertThrows(UserException.class, () -> ChatTemplate.of(template, TOKENS, "test")
                .render(List.of(new Message("user", "hi")), false));
    }

    /** Names of the JVM are names like others: nobody gave them a value. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "messages.class",
                "messages[0].content.bytes",
                "java",
                "____int3rpr3t3r____",
                "messages['__class__']"
            })
    void namesOfTheJvmAreUndefined(String expression) {
        ChatTemplate chat =
                ChatTemplate.of("{{ " + expression + " is defined }}[{{ " + expression + " }}]", TOKENS, "test");
        assertEquals("False[]", chat.render(List.of(new Message("user", "hi")), false));
    }

    @Test
    void aGenerationWhosePlaceIsNotKnownIsRefusedForMasks() {
        ChatTemplate gathered = ChatTemplate.of(
                "{% set x %}{% generation %}a{% endgeneration %}{% endset %}b{{ x }}", TOKENS, "gathered.jinja");
        assertEquals("ba", gathered.render(List.of(), false));
        UserException refused = assertThrows(UserException.class, () -> gathered.renderWithSpans(List.of()));
        assertTrue(
                refused.getMessage().startsWith("gathered.jinja has {% generation %} in a macro"),
                refused.getMessage());
    }

    @Test
    void aDirectoryHasItsTemplateInAFileOrInTheTokenizersConfiguration() throws IOException {
        UserException none = assertThrows(UserException.class, () -> open());
        assertTrue(none.getMessage().contains("chat_template.jinja"), none.getMessage());
        String config = "{\"bos_token\": {\"content\": \"<s>\"}, \"chat_template\": %s}";
        write("tokenizer_config.json", config.formatted("\"{{ bos_token }}a\""));
        assertEquals("<s>a", open().render(List.of(), false));
        write(
                "tokenizer_config.json",
                config.formatted("[{\"name\": \"tool_use\", \"template\": \"t\"}, {\"name\": \"default\", \"template\":"
                        + " \"d{{ bos_token }}\"}]"));
        assertEquals("d<s>", open().render(List.of(), false));
        write("chat_template.jinja", "file{{ bos_token }}\n");
        assertEquals("file<s>", open().render(List.of(), false));
        assertEquals(open().digest(), open().digest());
    }

    /** A template that is kept elsewhere writes the special tokens of the tokenizer, as transformers has it. */
    @Test
    void aTemplateElsewhereWritesTheTokenizersSpecialTokens() throws Exception {
        write("other.jinja", "{{ bos_token }}a{{ eos_token }}");
        ChatTemplate template = ChatTemplate.open(
                DataFiles.path(directory.resolve("other.jinja").toString()), DataFiles.path("conf/demo/model"));
        assertEquals("<s>a</s>", template.render(List.of(), false));
    }

    /** A tokenizer that names no end of turn: the word "null", or nothing at all, would be learned in its place. */
    @Test
    void aSpecialTokenThatTheTokenizerDoesNotNameIsNotWritten() throws IOException {
        write("chat_template.jinja", "{% for m in messages %}{{ m.content + eos_token }}{% endfor %}");
        List<Message> messages = List.of(new Message("user", "hi"));
        UserException refused = assertThrows(UserException.class, () -> open().render(messages, false));
        assertTrue(
                refused.getMessage()
                        .endsWith("chat_template.jinja, line 1, column 37: it writes eos_token, and "
                                + directory.resolve("tokenizer_config.json")
                                + " does not say what that is: put \"eos_token\" there, with null for none"),
                refused.getMessage());
        write("chat_template.jinja", "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}");
        assertThrows(UserException.class, () -> open().render(messages, false));
        write("tokenizer_config.json", "{\"eos_token\": null}");
        assertEquals("hi", open().render(messages, false));
        write("special_tokens_map.json", "{\"eos_token\": {\"content\": \"</s>\"}}");
        assertEquals("hi</s>", open().render(messages, false));
    }

    @Test
    void aTemplateWhoseTokensTheTokenizerTakesApartIsRefused() throws IOException {
        List<Message> turns = List.of(new Message("user", "<|odd|>"), new Message("assistant", "b"));
        String body = "{% for m in messages %}{{ 'START' + m.role + ':' + m.content }}{% endfor %}";
        try (Tokenizer tokenizer = Tokenizer.open(DataFiles.path("conf/demo/model"))) {
            ChatTemplate plain = ChatTemplate.of(body, TOKENS, "plain");
            assertTrue(plain.tokens(new Conversation(turns), tokenizer).ids().length > 5, "what people say is text");
            ChatTemplate other = ChatTemplate.of(body.replace("START", "<|im_start|>"), TOKENS, "other.jinja");
            String message = assertThrows(UserException.class, () -> other.tokens(new Conversation(turns), tokenizer))
                    .getMessage();
            assertTrue(
                    message.startsWith("other.jinja writes <|im_start|>, which ")
                            && message.contains("tokenizer.json does not have as a token"),
                    message);
        }
    }

    @Test
    void aTokenizersOwnTokensHaveTheirNames() throws IOException {
        write("tokenizer_config.json", "{\"extra_special_tokens\": {\"boi_token\": \"<image>\"}}");
        write("chat_template.jinja", "{{ boi_token }}");
        assertEquals("<image>", open().render(List.of(), false));
    }

    private ChatTemplate open() {
        return ChatTemplate.open(DataFiles.path(directory.toString()), DataFiles.path(directory.toString()));
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }
}
