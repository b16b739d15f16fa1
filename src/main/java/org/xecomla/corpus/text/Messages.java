package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.xecomla.errors.UserException;

/** Conversations in JSON: lists of objects with {@code role} and {@code content}. */
final class Messages {
    private Messages() {}

    /**
     * The conversation under {@code key}.
     *
     * @throws UserException naming file and line, where it is none
     */
    static List<Message> of(JsonNode list, String key, DocumentLocation location) {
        if (!list.isArray() || list.isEmpty()) {
            throw new UserException(location.describe() + " has no list of messages under \"" + key + "\"");
        }
        List<Message> messages = new ArrayList<>();
        for (JsonNode one : list) {
            if (!one.path("role").isTextual() || !one.path("content").isTextual()) {
                throw new UserException(location.describe() + " has a message under \"" + key
                        + "\" without a text as \"role\" or as \"content\"");
            }
            messages.add(
                    new Message(one.get("role").textValue(), one.get("content").textValue()));
        }
        return messages;
    }
}
