package org.xecomla.corpus.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is said by turns, and what a row says beside it.
 *
 * @param settings more for the chat template: tools and documents, lists or absent, and a row's own
 *     {@code chat_template_kwargs}
 */
public record Conversation(List<Message> messages, Map<String, Object> settings) {
    public Conversation {
        messages = List.copyOf(messages);
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }

    public Conversation(List<Message> messages) {
        this(messages, Map.of());
    }

    /** All of it, the same for the same conversation. */
    public String json() {
        try {
            return new ObjectMapper().writeValueAsString(List.of(messages, settings));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The first messages of it. */
    public Conversation first(int number) {
        return new Conversation(messages.subList(0, number), settings);
    }

    /** The same with more messages. */
    public Conversation then(List<Message> more) {
        List<Message> all = new ArrayList<>(messages);
        all.addAll(more);
        return new Conversation(all, settings);
    }
}
