package org.xecomla.corpus.text;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One text of the corpus and where it came from.
 *
 * @param text of a conversation: what is said, a message a line
 * @param promptLength chars at the text's beginning that ask for the rest and are not learned; 0 for none
 */
public record Document(String text, Optional<Conversation> conversation, int promptLength, DocumentLocation location) {
    public Document(String text, DocumentLocation location) {
        this(text, Optional.empty(), 0, location);
    }

    /** A text of which only the completion is learned. */
    static Document completion(String prompt, String completion, DocumentLocation location) {
        return new Document(prompt + completion, Optional.empty(), prompt.length(), location);
    }

    /** A conversation. */
    public static Document of(Conversation conversation, DocumentLocation location) {
        String text = conversation.messages().stream().map(Message::said).collect(Collectors.joining("\n"));
        return new Document(text, Optional.of(conversation), 0, location);
    }

    /** A conversation. */
    public static Document of(List<Message> messages, DocumentLocation location) {
        return of(new Conversation(messages), location);
    }

    /** Of a conversation; none: plain text. */
    public List<Message> messages() {
        return conversation.map(Conversation::messages).orElse(List.of());
    }

    public boolean isConversation() {
        return conversation.isPresent();
    }
}
