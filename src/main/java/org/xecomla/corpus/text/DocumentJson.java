package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.xecomla.errors.UserException;

/**
 * A document from its JSON object: plain text under one key, else a conversation in one of the forms that instruction
 * data comes in: {@code messages} of role and content, {@code conversations} of from and value (ShareGPT), or
 * {@code instruction}, {@code input} and {@code output}, perhaps after {@code system} and {@code history} (Alpaca).
 *
 * @param textKey the key of plain text
 */
record DocumentJson(String textKey) {
    private static final Map<String, String> SHAREGPT_ROLES = Map.of("human", "user", "gpt", Message.ASSISTANT);

    /** @throws UserException naming the place, where the object is none of these */
    Document document(JsonNode node, DocumentLocation location) {
        if (node.isTextual()) {
            return new Document(node.textValue(), location);
        }
        if (!node.isObject()) {
            throw new UserException(location.describe() + " is not a JSON object: the corpus has one on each line");
        }
        if (node.has(textKey)) {
            return new Document(JsonLine.requireText(node, textKey, location), location);
        }
        if (node.has("messages")) {
            return Document.of(Messages.of(node.get("messages"), "messages", location), location);
        }
        if (node.has("conversations")) {
            return Document.of(shareGpt(node.get("conversations"), location), location);
        }
        if (node.has("instruction") && node.has("output")) {
            return Document.of(alpaca(node, location), location);
        }
        List<String> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(keys::add);
        throw new UserException(location.describe() + " has no key \"" + textKey + "\", only " + keys
                + ": every line of the corpus needs its text there, or a conversation under messages, conversations, or"
                + " instruction and output");
    }

    private static List<Message> shareGpt(JsonNode turns, DocumentLocation location) {
        if (!turns.isArray() || turns.isEmpty()) {
            throw new UserException(location.describe() + " has no list of messages under \"conversations\"");
        }
        List<Message> messages = new ArrayList<>();
        for (JsonNode turn : turns) {
            String role = JsonLine.requireText(turn, "from", location);
            messages.add(new Message(
                    SHAREGPT_ROLES.getOrDefault(role, role), JsonLine.requireText(turn, "value", location)));
        }
        return messages;
    }

    private static List<Message> alpaca(JsonNode node, DocumentLocation location) {
        List<Message> messages = new ArrayList<>();
        String system = node.path("system").asText("");
        if (!system.isEmpty()) {
            messages.add(new Message("system", system));
        }
        for (JsonNode turn : node.path("history")) {
            messages.add(new Message("user", turn.path(0).asText()));
            messages.add(new Message(Message.ASSISTANT, turn.path(1).asText()));
        }
        String input = node.path("input").asText("");
        String instruction = JsonLine.requireText(node, "instruction", location);
        messages.add(new Message("user", input.isEmpty() ? instruction : instruction + "\n" + input));
        messages.add(new Message(Message.ASSISTANT, JsonLine.requireText(node, "output", location)));
        return messages;
    }
}
