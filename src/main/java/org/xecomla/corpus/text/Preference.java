package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.xecomla.errors.UserException;

/** A preference as it stands in a file: strings, or conversations, which need a chat template. */
public sealed interface Preference {
    DocumentLocation location();

    /** Plain text: a prompt and how it may go on. */
    record Plain(String prompt, String chosen, String rejected, DocumentLocation location) implements Preference {}

    /** A conversation and how it may go on, each with at least one message. */
    record Chat(List<Message> prompt, List<Message> chosen, List<Message> rejected, DocumentLocation location)
            implements Preference {}

    /**
     * The preference of one JSON object. Answers that are lists of messages may be whole conversations, which begin
     * with the same messages: these are the prompt then, and {@code prompt} is not read. Otherwise it is a list of
     * messages too, or what a user says.
     *
     * @throws UserException naming file and line, where it is none
     */
    static Preference of(JsonNode node, DocumentLocation location) {
        JsonNode chosen = JsonLine.require(node, "chosen", location);
        JsonNode rejected = JsonLine.require(node, "rejected", location);
        if (!chosen.isArray() || !rejected.isArray()) {
            return new Plain(
                    JsonLine.requireText(node, "prompt", location),
                    JsonLine.requireText(node, "chosen", location),
                    JsonLine.requireText(node, "rejected", location),
                    location);
        }
        List<Message> better = Messages.of(chosen, "chosen", location);
        List<Message> worse = Messages.of(rejected, "rejected", location);
        int common = 0;
        while (common < Math.min(better.size(), worse.size()) - 1
                && better.get(common).equals(worse.get(common))) {
            common++;
        }
        List<Message> prompt = common > 0 ? better.subList(0, common) : prompt(node, location);
        return new Chat(prompt, better.subList(common, better.size()), worse.subList(common, worse.size()), location);
    }

    private static List<Message> prompt(JsonNode node, DocumentLocation location) {
        JsonNode prompt = JsonLine.require(node, "prompt", location);
        return prompt.isTextual()
                ? List.of(new Message("user", prompt.textValue()))
                : Messages.of(prompt, "prompt", location);
    }
}
