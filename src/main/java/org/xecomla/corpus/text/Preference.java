package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.xecomla.errors.UserException;

/** A preference as it stands in a file: strings, or conversations, which need a chat template. */
public sealed interface Preference {
    DocumentLocation location();

    /** Plain text: a prompt and how it may go on. */
    record Plain(String prompt, String chosen, String rejected, DocumentLocation location) implements Preference {}

    /** A conversation and how it may go on, each with at least one message. */
    record Chat(Conversation prompt, List<Message> chosen, List<Message> rejected, DocumentLocation location)
            implements Preference {}

    /**
     * The preference of one JSON object: two answers, {@code chosen} and {@code rejected}, to a {@code prompt}, to
     * turns under {@code messages} or {@code conversations}, or to an {@code instruction}. An answer is a text, a turn
     * or turns. Answers that are turns may be whole conversations, which begin with the same messages: these are the
     * prompt then, and {@code prompt} is not read. Texts without a prompt have their common beginning as one.
     * ms-swift's rows have the chosen answer as the last of their messages, and {@code rejected_response}.
     *
     * @throws UserException naming file and line, where it is none
     */
    static Preference of(JsonNode row, DocumentLocation location) {
        if (row.hasNonNull("rejected_response")) {
            return ofSwift(row, location);
        }
        JsonNode chosen = require(row, "chosen", location);
        JsonNode rejected = require(row, "rejected", location);
        boolean areTexts = chosen.isTextual() && rejected.isTextual();
        if (areTexts && (row.path("prompt").isTextual() || !(row.hasNonNull("prompt") || ConversationJson.asks(row)))) {
            if (JsonValues.isGiven(row.path("system"))) {
                throw new UserException(location.describe()
                        + " has a \"system\" beside texts: put it into the prompt, or use messages");
            }
            return plain(row, chosen.textValue(), rejected.textValue(), location);
        }
        return chat(row, chosen, rejected, location);
    }

    private static JsonNode require(JsonNode row, String key, DocumentLocation location) {
        if (!row.hasNonNull(key)) {
            List<String> keys = new ArrayList<>();
            row.fieldNames().forEachRemaining(keys::add);
            throw new UserException(location.describe() + " has nothing under \"" + key + "\", its keys are " + keys
                    + ": a preference is prompt, chosen and rejected");
        }
        return row.get(key);
    }

    private static Preference plain(JsonNode row, String chosen, String rejected, DocumentLocation location) {
        if (row.hasNonNull("prompt")) {
            return new Plain(row.get("prompt").textValue(), chosen, rejected, location);
        }
        int common = 0;
        while (common < Math.min(chosen.length(), rejected.length())
                && chosen.charAt(common) == rejected.charAt(common)) {
            common++;
        }
        boolean splitsPair = common > 0 && Character.isHighSurrogate(chosen.charAt(common - 1));
        boolean endsInBlank = common > 0 && chosen.charAt(common - 1) == ' ';
        int end = splitsPair || endsInBlank ? common - 1 : common;
        return new Plain(chosen.substring(0, end), chosen.substring(end), rejected.substring(end), location);
    }

    private static Preference chat(JsonNode row, JsonNode chosen, JsonNode rejected, DocumentLocation location) {
        List<Message> better = DocumentJson.answer(chosen, "chosen", location);
        List<Message> worse = DocumentJson.answer(rejected, "rejected", location);
        int common = 0;
        while (common < Math.min(better.size(), worse.size()) - 1
                && better.get(common).equals(worse.get(common))) {
            common++;
        }
        Conversation asked = common > 0
                ? ConversationJson.conversation(row, better.subList(0, common), location)
                : asked(row, location);
        return new Chat(asked, better.subList(common, better.size()), worse.subList(common, worse.size()), location);
    }

    private static Conversation asked(JsonNode row, DocumentLocation location) {
        return row.hasNonNull("prompt") || !ConversationJson.asks(row)
                ? ConversationJson.conversation(row, DocumentJson.asked(row, location), location)
                : ConversationJson.prompt(row, location);
    }

    private static Preference ofSwift(JsonNode row, DocumentLocation location) {
        Conversation whole = ConversationJson.of(row, location);
        if (whole == null || whole.messages().size() < 2) {
            throw new UserException(location.describe()
                    + " has a \"rejected_response\" and no messages whose last is the answer that is chosen");
        }
        int last = whole.messages().size() - 1;
        Message chosen = whole.messages().get(last);
        if (!chosen.isAssistant()) {
            throw new UserException(location.describe() + " has a \"rejected_response\" beside messages whose last"
                    + " is of"
                    + " role " + chosen.role() + ": the assistant's answer is what is chosen");
        }
        List<Message> rejected = DocumentJson.answer(row.get("rejected_response"), "rejected_response", location);
        return new Chat(whole.first(last), List.of(chosen), rejected, location);
    }
}
