package org.xecomla.corpus.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.chat.jinja.JinjaTemplate;
import org.xecomla.corpus.chat.jinja.Rendering;
import org.xecomla.corpus.text.Message;
import org.xecomla.corpus.tokenizer.MaskedTokens;
import org.xecomla.corpus.tokenizer.TextSpan;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.corpus.tokenizer.TokenizerJson;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * A checkpoint's own chat template, rendered as {@code apply_chat_template} of Hugging Face's transformers does.
 *
 * <p>One difference is wanted: a template is not told the date ({@code strftime_now}), since the same conversation must
 * be the same tokens tomorrow. Llama 3's then say 26 Jul 2024, as they do wherever the date is unknown. A template that
 * cannot do without is refused. Thread-safe.
 */
public final class ChatTemplate {
    /** The file that holds a checkpoint's template. */
    public static final String FILE = "chat_template.jinja";

    private final String source;
    private final String text;
    private final String digest;
    private final JinjaTemplate jinja;
    private final SpecialTokens specialTokens;

    private ChatTemplate(String template, SpecialTokens specialTokens, String source) {
        this.source = source;
        this.text = template;
        this.specialTokens = specialTokens;
        String bound = template + new TreeMap<>(specialTokens.texts());
        this.digest = DataFiles.sha256(bound.getBytes(StandardCharsets.UTF_8));
        this.jinja = JinjaTemplate.parse(template, source);
    }

    /**
     * The template of a directory: its {@code chat_template.jinja}, else the {@code chat_template} of its {@code
     * tokenizer_config.json}, of several the one called default. Or a template as a .jinja file.
     *
     * @param place the directory, a file in it, or the .jinja file
     * @param tokenizer directory of the tokenizer, or its tokenizer.json: the special tokens are its own
     * @throws UserException where there is none, or it is no template of {@link JinjaTemplate}
     */
    public static ChatTemplate open(Path place, Path tokenizer) {
        return find(place, tokenizer)
                .orElseThrow(() -> new UserException("no chat template in "
                        + DataFiles.display(place) + ": neither " + FILE + " nor a chat_template in "
                        + SpecialTokens.CONFIG
                        + "; put the template of the checkpoint there as " + FILE));
    }

    /** The template beside a tokenizer, given as its directory or tokenizer.json; empty where there is none. */
    public static Optional<ChatTemplate> find(Path tokenizer) {
        return find(tokenizer, tokenizer);
    }

    private static Optional<ChatTemplate> find(Path place, Path tokenizer) {
        SpecialTokens tokens = SpecialTokens.read(directory(tokenizer));
        Path directory = directory(place);
        Path file = place.getName().endsWith(".jinja") ? place : new Path(directory, FILE);
        if (DataFiles.exists(file)) {
            return Optional.of(new ChatTemplate(DataFiles.readString(file), tokens, DataFiles.display(file)));
        }
        JsonNode template = TokenizerJson.readIfThere(new Path(directory, SpecialTokens.CONFIG))
                .path("chat_template");
        if (template.isArray()) {
            for (JsonNode one : template) {
                if (one.path("name").asText().equals("default")) {
                    template = one.path("template");
                }
            }
        }
        if (!template.isTextual()) {
            return Optional.empty();
        }
        String source = "chat_template of " + DataFiles.display(new Path(directory, SpecialTokens.CONFIG));
        return Optional.of(new ChatTemplate(template.textValue(), tokens, source));
    }

    /**
     * A template given as text.
     *
     * @param specialTokens what {@code bos_token}, {@code eos_token} and so on stand for
     * @param source for messages
     */
    public static ChatTemplate of(String template, Map<String, String> specialTokens, String source) {
        return new ChatTemplate(template, SpecialTokens.of(specialTokens, "its tokenizer"), source);
    }

    private static Path directory(Path directoryOrFile) {
        String name = directoryOrFile.getName();
        return name.endsWith(".json") || name.endsWith(".jinja") ? directoryOrFile.getParent() : directoryOrFile;
    }

    /** The template itself. */
    public String text() {
        return text;
    }

    /** SHA-256 of the template and the special tokens that it may write. */
    public String digest() {
        return digest;
    }

    /**
     * The conversation as text, special tokens included: to be tokenised without adding any.
     *
     * @param addGenerationPrompt whether the text ends where the assistant's next answer begins
     * @throws UserException where the template refuses the conversation
     */
    public String render(List<Message> messages, boolean addGenerationPrompt) {
        return jinja.render(variables(messages, addGenerationPrompt)).text();
    }

    /** What apply_chat_template passes: tools and documents are None where there are none, not undefined. */
    private Map<String, Object> variables(List<Message> messages, boolean addGenerationPrompt) {
        Map<String, Object> variables = new HashMap<>(specialTokens.variables());
        List<Map<String, Object>> turns = new ArrayList<>();
        for (Message message : messages) {
            Map<String, Object> turn = new LinkedHashMap<>();
            turn.put("role", message.role());
            turn.put("content", message.content());
            turns.add(turn);
        }
        variables.put("messages", turns);
        variables.put("tools", null);
        variables.put("documents", null);
        variables.put("add_generation_prompt", addGenerationPrompt);
        return variables;
    }

    /**
     * The conversation and what of it the assistant says, its end of turn included: what stands between the template's
     * {@code generation} tags where it has some, else what each of the assistant's messages adds to the text after the
     * prompt for it.
     *
     * @throws UserException where the template has no such tags and earlier turns look different once an answer
     *     follows, or has them where their place in the text is not known
     */
    RenderedChat renderWithSpans(List<Message> messages) {
        Rendering whole = jinja.render(variables(messages, false));
        if (!jinja.marksGeneration()) {
            return new RenderedChat(whole.text(), spans(messages, whole.text()));
        }
        if (!whole.generationsAreKnown()) {
            throw new UserException(source + " has {% generation %} in a macro, in {% set %}, {% filter %} or another"
                    + " {% generation %}, where its place in the text is not known: put it around what is written"
                    + " directly");
        }
        List<TextSpan> spans = new ArrayList<>();
        whole.generations().forEach(span -> spans.add(new TextSpan(span.start(), span.end())));
        return new RenderedChat(whole.text(), spans);
    }

    /**
     * A conversation's tokens, those counted that the assistant says: a token counts that has a character of the
     * assistant's words or of the end of its turn.
     *
     * @throws UserException where the template refuses the conversation or hides who says what
     */
    public MaskedTokens tokens(List<Message> messages, Tokenizer tokenizer) {
        RenderedChat chat = renderWithSpans(messages);
        return tokenizer.encode(chat.text(), chat.assistant());
    }

    private List<TextSpan> spans(List<Message> messages, String text) {
        List<TextSpan> spans = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i).isAssistant()) {
                String before = render(messages.subList(0, i), true);
                String after = i + 1 == messages.size() ? text : render(messages.subList(0, i + 1), false);
                if (!after.startsWith(before) || !text.startsWith(after)) {
                    throw new UserException(
                            source + " writes earlier turns differently once an answer follows (message "
                                    + (i + 1) + " of " + messages.size()
                                    + "), so what the assistant says cannot be told from its"
                                    + " text: put {% generation %} and {% endgeneration %} around the assistant's "
                                    + "words in it");
                }
                spans.add(new TextSpan(before.length(), after.length()));
            }
        }
        return spans;
    }
}
