package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.xecomla.errors.UserException;

/**
 * A document from its JSON object: plain text under one key, else a conversation ({@link ConversationJson}), else a
 * {@code prompt} and its {@code completion}, both text or turns, of which the completion is learned.
 *
 * @param textKey the key of plain text
 */
record DocumentJson(String textKey) {
    /** @throws UserException naming the place, where the object is none of these */
    Document document(JsonNode node, DocumentLocation location) {
        if (node.isTextual()) {
            return new Document(node.textValue(), location);
        }
        if (!node.isObject()) {
            throw new UserException(location.describe() + " is not a JSON object: the corpus has one on each line");
        }
        if (node.hasNonNull(textKey)) {
            return new Document(JsonLine.requireText(node, textKey, location), location);
        }
        Conversation conversation = ConversationJson.of(node, location);
        if (conversation != null) {
            return Document.of(conversation, location);
        }
        if (node.hasNonNull("prompt") && node.hasNonNull("completion")) {
            return completion(node, location);
        }
        if (node.has(textKey)) {
            throw new UserException(location.describe() + " has null under \"" + textKey
                    + "\", and no conversation: corpus.skip-bad-rows passes over such rows");
        }
        List<String> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(keys::add);
        throw new UserException(location.describe() + " has no key \"" + textKey + "\", only " + keys
                + ": every line of the corpus needs its text there, or a conversation under messages, conversations,"
                + " conversation, instruction and output, instruction and response, query and response, or prompt and"
                + " completion");
    }

    private static Document completion(JsonNode node, DocumentLocation location) {
        JsonNode prompt = node.get("prompt");
        JsonNode completion = node.get("completion");
        if (node.path("label").isBoolean() && !node.get("label").booleanValue()) {
            throw new UserException(location.describe() + " has \"label\": false beside its completion: that is an"
                    + " answer to be avoided (KTO), and all that is read here is learned");
        }
        if (prompt.isTextual() && completion.isTextual()) {
            return Document.completion(prompt.textValue(), completion.textValue(), location);
        }
        List<Message> turns = new ArrayList<>();
        asked(node, location).forEach(message -> turns.add(message.notLearned()));
        turns.addAll(answer(completion, "completion", location));
        return Document.of(ConversationJson.conversation(node, turns, location), location);
    }

    /** The turns of a prompt; a text is what the user says. */
    static List<Message> asked(JsonNode row, DocumentLocation location) {
        JsonNode prompt = JsonLine.require(row, "prompt", location);
        return prompt.isTextual()
                ? List.of(new Message("user", prompt.textValue()))
                : Messages.of(prompt, "prompt", location);
    }

    /** The turns of an answer: a list, one turn, or a text, which is what the assistant says. */
    static List<Message> answer(JsonNode answer, String key, DocumentLocation location) {
        if (answer.isTextual()) {
            return List.of(new Message(Message.ASSISTANT, answer.textValue()));
        }
        return answer.isObject() ? List.of(Messages.one(answer, key, location)) : Messages.of(answer, key, location);
    }
}
