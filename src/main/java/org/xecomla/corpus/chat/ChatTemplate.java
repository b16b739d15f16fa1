package org.xecomla.corpus.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.chat.jinja.JinjaTemplate;
import org.xecomla.corpus.chat.jinja.Rendering;
import org.xecomla.corpus.text.Conversation;
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

    private static final String CONTENT = "content";

    /** What a conversation may say beside its messages. */
    private static final List<String> BESIDE = List.of("tools", "documents");

    /** What a message may say beside its content. */
    private static final List<String> WRITTEN = List.of("tool_calls", "reasoning_content");

    /** What nothing but a special token looks like. */
    private static final Pattern SPECIAL = Pattern.compile("<\\|[^<>|\\s]{1,60}\\|>");

    /** A text that no template writes of itself. */
    private static final String PROBE = "one word to see";

    private final String source;
    private final String text;
    private final String digest;
    private final JinjaTemplate jinja;
    private final SpecialTokens specialTokens;
    private final Map<String, Boolean> readsParts = new ConcurrentHashMap<>();
    private final Set<String> fitting = ConcurrentHashMap.newKeySet(); // digests of tokenizers that have its tokens

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
            return Optional.of(new ChatTemplate(DataFiles.readText(file), tokens, DataFiles.display(file)));
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

    /** {@link #render(Conversation, boolean)} of turns alone. */
    public String render(List<Message> messages, boolean addGenerationPrompt) {
        return render(new Conversation(messages), addGenerationPrompt);
    }

    /**
     * The conversation as text, special tokens included: to be tokenised without adding any.
     *
     * @param addGenerationPrompt whether the text ends where the assistant's next answer begins
     * @throws UserException where the template refuses the conversation, or would leave out what it says
     */
    public String render(Conversation conversation, boolean addGenerationPrompt) {
        return rendering(conversation, addGenerationPrompt).text();
    }

    private Rendering rendering(Conversation conversation, boolean addGenerationPrompt) {
        BESIDE.stream().filter(key -> isGiven(conversation.settings().get(key))).forEach(this::requireWritten);
        for (Message message : conversation.messages()) {
            WRITTEN.stream().filter(key -> isGiven(message.fields().get(key))).forEach(this::requireWritten);
        }
        return jinja.render(variables(conversation, addGenerationPrompt));
    }

    private static boolean isGiven(Object value) {
        return value instanceof List<?> list ? !list.isEmpty() : value != null && !value.equals("");
    }

    private void requireWritten(String key) {
        if (!jinja.speaksOf(key)) {
            throw new UserException(source + " does not know " + key
                    + ", which the conversation has: it would be lost; leave the key out, or use another template");
        }
    }

    /** What apply_chat_template passes: tools and documents are None where there are none, not undefined. */
    private Map<String, Object> variables(Conversation conversation, boolean addGenerationPrompt) {
        Map<String, Object> variables = new HashMap<>(specialTokens.variables());
        variables.put("tools", null);
        variables.put("documents", null);
        variables.putAll(conversation.settings());
        variables.put(
                "messages", conversation.messages().stream().map(this::fields).toList());
        variables.put("add_generation_prompt", addGenerationPrompt);
        return variables;
    }

    /** Content in parts as it is for a template that goes through them, else as one text. */
    private Map<String, Object> fields(Message message) {
        if (!(message.fields().get(CONTENT) instanceof List) || readsParts(message.role())) {
            return message.fields();
        }
        Map<String, Object> fields = new LinkedHashMap<>(message.fields());
        fields.put(CONTENT, message.content());
        return fields;
    }

    /** Whether the text of a part comes out of the template, and not the part with its braces. */
    private boolean readsParts(String role) {
        return readsParts.computeIfAbsent(role, asked -> {
            Map<String, Object> turn = new LinkedHashMap<>();
            turn.put("role", asked);
            turn.put(CONTENT, List.of(Map.of("type", "text", "text", PROBE)));
            Message user = new Message("user", "a");
            List<Message> turns = List.of(user, new Message(asked, turn, true));
            return writesProbe(turns) || writesProbe(turns.subList(1, 2));
        });
    }

    private boolean writesProbe(List<Message> turns) {
        Map<String, Object> variables = variables(new Conversation(List.of()), false);
        variables.put("messages", turns.stream().map(Message::fields).toList());
        try {
            String text = jinja.render(variables).text();
            return text.contains(PROBE) && !text.contains("'" + PROBE + "'") && !text.contains("\"" + PROBE + "\"");
        } catch (UserException refused) {
            return false;
        }
    }

    /**
     * The conversation and what of it the assistant says and is to be learned, its end of turn included: what stands
     * between the template's {@code generation} tags where it has some, else what each of the assistant's messages adds
     * to the text after the prompt for it.
     *
     * @throws UserException where the template has no such tags and earlier turns look different once an answer
     *     follows, or has them where their place in the text is not known
     */
    RenderedChat renderWithSpans(Conversation conversation) {
        Rendering whole = rendering(conversation, false);
        List<TextSpan> spans = jinja.marksGeneration()
                ? generations(conversation, whole)
                : turns(conversation, whole.text(), Message::isLearned);
        return new RenderedChat(whole.text(), spans);
    }

    /** {@link #renderWithSpans(Conversation)} of turns alone. */
    RenderedChat renderWithSpans(List<Message> messages) {
        return renderWithSpans(new Conversation(messages));
    }

    private List<TextSpan> generations(Conversation conversation, Rendering whole) {
        if (!whole.generationsAreKnown()) {
            throw new UserException(source + " has {% generation %} in a macro, in {% set %}, {% filter %} or another"
                    + " {% generation %}, where its place in the text is not known: put it around what is written"
                    + " directly");
        }
        List<Message> said =
                conversation.messages().stream().filter(Message::isAssistant).toList();
        List<TextSpan> spans = new ArrayList<>();
        whole.generations().forEach(span -> spans.add(new TextSpan(span.start(), span.end())));
        if (said.stream().allMatch(Message::isLearned)) {
            return spans;
        }
        if (spans.size() == said.size()) {
            return IntStream.range(0, spans.size())
                    .filter(i -> said.get(i).isLearned())
                    .mapToObj(spans::get)
                    .toList();
        }
        List<TextSpan> left = turns(conversation, whole.text(), message -> !message.isLearned());
        return spans.stream()
                .filter(span -> left.stream().noneMatch(out -> span.start() < out.end() && span.end() > out.start()))
                .toList();
    }

    /** Where the assistant's messages of a kind stand, by what each adds to the text. */
    private List<TextSpan> turns(Conversation conversation, String text, Predicate<Message> wanted) {
        List<Message> messages = conversation.messages();
        List<TextSpan> spans = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i).isAssistant() && wanted.test(messages.get(i))) {
                String before = render(conversation.first(i), true);
                String after = i + 1 == messages.size() ? text : render(conversation.first(i + 1), false);
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

    /**
     * A conversation's tokens, those counted that the assistant says: a token counts that has a character of the
     * assistant's words or of the end of its turn.
     *
     * @throws UserException where the template refuses the conversation or hides who says what
     */
    public MaskedTokens tokens(Conversation conversation, Tokenizer tokenizer) {
        requireTokens(tokenizer);
        RenderedChat chat = renderWithSpans(conversation);
        return tokenizer.encode(chat.text(), chat.assistant());
    }

    /**
     * Requires that what the template writes around every turn in the form of a special token is one.
     *
     * @throws UserException naming those that {@code tokenizer} takes apart
     */
    public void requireTokens(Tokenizer tokenizer) {
        if (fitting.contains(tokenizer.digest())) {
            return;
        }
        SortedSet<String> apart = new TreeSet<>();
        Matcher written = SPECIAL.matcher(probed());
        while (written.find()) {
            if (tokenizer.encode(written.group()).length > 1) {
                apart.add(written.group());
            }
        }
        if (!apart.isEmpty()) {
            throw new UserException(source + " writes " + String.join(", ", apart) + ", which "
                    + DataFiles.display(tokenizer.file()) + " does not have as a token and would take apart: take"
                    + " template and tokenizer from one checkpoint, or add the tokens to tokenizer and model");
        }
        fitting.add(tokenizer.digest());
    }

    /** A question and its answer as the template writes them; empty where it does not. */
    private String probed() {
        List<Message> turns = List.of(new Message("user", "a"), new Message("assistant", "b"));
        try {
            return render(new Conversation(turns), false);
        } catch (UserException refused) {
            return ""; // said of the first conversation
        }
    }

    /** A conversation's tokens, all counted but those of turns that are not to be learned. */
    MaskedTokens allTokens(Conversation conversation, Tokenizer tokenizer) {
        requireTokens(tokenizer);
        String text = render(conversation, false);
        MaskedTokens left = tokenizer.encode(text, turns(conversation, text, message -> !message.isLearned()));
        boolean[] counted = new boolean[left.ids().length];
        for (int i = 0; i < counted.length; i++) {
            counted[i] = !left.counted()[i];
        }
        return new MaskedTokens(left.ids(), counted);
    }
}
