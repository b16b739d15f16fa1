package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.errors.UserException;

/**
 * Conversations of a row, in the forms that instruction data comes in: turns under {@code messages}, {@code
 * conversations} or {@code conversation}; an instruction and its answer in the words of Alpaca, Dolly or ms-swift. With
 * them come {@code system}, {@code history}, {@code tools}, {@code documents} and {@code chat_template_kwargs}.
 */
final class ConversationJson {
    /** Keys of turns. */
    private static final List<String> TURNS = List.of("messages", "conversations", "conversation");

    /** What would be lost. */
    private static final List<String> NOT_TEXT = List.of("images", "image", "videos", "video", "audios", "audio");

    /** Keys of an instruction, of what it is about, and of its answer. */
    private record Form(String instruction, String input, String output) {}

    private static final List<Form> FORMS = List.of(
            new Form("instruction", "input", "output"),
            new Form("instruction", "context", "response"),
            new Form("query", "input", "response"));

    private ConversationJson() {}

    /** Null where the row has none. */
    static Conversation of(JsonNode row, DocumentLocation location) {
        for (String key : TURNS) {
            if (row.hasNonNull(key)) {
                return conversation(row, Messages.of(row.get(key), key, location), location);
            }
        }
        for (Form form : FORMS) {
            if (row.hasNonNull(form.instruction()) && row.hasNonNull(form.output())) {
                List<Message> turns = instruction(row, form, location);
                turns.add(new Message(Message.ASSISTANT, JsonLine.requireText(row, form.output(), location)));
                return conversation(row, turns, location);
            }
        }
        return null;
    }

    /** Whether a row whose answers stand elsewhere asks in one of these forms. */
    static boolean asks(JsonNode row) {
        return row.hasNonNull("instruction") || TURNS.stream().anyMatch(row::hasNonNull);
    }

    /** What such a row asks. */
    static Conversation prompt(JsonNode row, DocumentLocation location) {
        return TURNS.stream().anyMatch(row::hasNonNull)
                ? of(row, location)
                : conversation(row, instruction(row, FORMS.get(0), location), location);
    }

    private static List<Message> instruction(JsonNode row, Form form, DocumentLocation location) {
        List<Message> turns = new ArrayList<>();
        JsonNode history = row.path("history");
        if (JsonValues.isGiven(history)) {
            for (JsonNode turn : history) {
                if (turn.size() != 2
                        || !turn.path(0).isTextual()
                        || !turn.path(1).isTextual()) {
                    throw new UserException(
                            location.describe() + " has a \"history\" that is no list of question and answer");
                }
                turns.add(new Message("user", turn.get(0).textValue()));
                turns.add(new Message(Message.ASSISTANT, turn.get(1).textValue()));
            }
        }
        String instruction = JsonLine.requireText(row, form.instruction(), location);
        boolean hasInput = JsonValues.isGiven(row.path(form.input()));
        String input = hasInput ? "\n" + JsonLine.requireText(row, form.input(), location) : "";
        turns.add(new Message("user", instruction + input));
        return turns;
    }

    /** Turns with what stands beside them in the row. */
    static Conversation conversation(JsonNode row, List<Message> turns, DocumentLocation location) {
        for (String key : NOT_TEXT) {
            if (JsonValues.isGiven(row.path(key))) {
                throw new UserException(location.describe() + " has \"" + key + "\": text alone is read");
            }
        }
        return new Conversation(withSystem(row, turns, location), settings(row, location));
    }

    private static List<Message> withSystem(JsonNode row, List<Message> turns, DocumentLocation location) {
        if (!JsonValues.isGiven(row.path("system"))) {
            return turns;
        }
        String system = JsonLine.requireText(row, "system", location);
        if (turns.get(0).role().equals("system")) {
            if (!turns.get(0).content().equals(system)) {
                throw new UserException(location.describe()
                        + " has a \"system\" beside a first message of that role, and they say different things");
            }
            return turns;
        }
        List<Message> all = new ArrayList<>(List.of(new Message("system", system)));
        all.addAll(turns);
        return all;
    }

    private static Map<String, Object> settings(JsonNode row, DocumentLocation location) {
        Map<String, Object> settings = new LinkedHashMap<>();
        JsonNode more = row.path("chat_template_kwargs");
        if (JsonValues.isGiven(more)) {
            settings.putAll(JsonValues.object(requireObject(more, location)));
        }
        for (String key : List.of("tools", "documents")) {
            if (JsonValues.isGiven(row.path(key))) {
                settings.put(key, JsonValues.of(list(row.get(key), key, location)));
            }
        }
        return settings;
    }

    private static JsonNode requireObject(JsonNode node, DocumentLocation location) {
        if (!node.isObject()) {
            throw new UserException(location.describe() + " has \"chat_template_kwargs\" that are no object");
        }
        return node;
    }

    /** A list of objects, or the JSON of one in a string. */
    private static JsonNode list(JsonNode value, String key, DocumentLocation location) {
        JsonNode list = value;
        try {
            list = value.isTextual() ? new ObjectMapper().readTree(value.textValue()) : value;
        } catch (IOException e) {
            throw new UserException(location.describe() + " has \"" + key + "\" in a string that is not JSON", e);
        }
        boolean areObjects = list.isArray();
        for (JsonNode one : list) {
            areObjects &= one.isObject();
        }
        if (!areObjects) {
            throw new UserException(location.describe() + " has \"" + key + "\" that are no list of objects");
        }
        return list;
    }
}
