package org.xecomla.corpus.text;

import java.util.List;
import java.util.stream.Collectors;

/**
 * One text of the corpus and where it came from.
 *
 * @param text of a conversation: what is said, a message a line
 * @param messages of a conversation; none: plain text
 */
public record Document(String text, List<Message> messages, DocumentLocation location) {
    public Document {
        messages = List.copyOf(messages);
    }

    public Document(String text, DocumentLocation location) {
        this(text, List.of(), location);
    }

    /** A conversation. */
    public static Document of(List<Message> messages, DocumentLocation location) {
        return new Document(
                messages.stream().map(Message::content).collect(Collectors.joining("\n")), messages, location);
    }

    public boolean isConversation() {
        return !messages.isEmpty();
    }
}
