package org.xecomla.corpus.shards;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.xecomla.corpus.text.Document;
import org.xecomla.corpus.text.Message;

/**
 * Conversations of which nothing is learned, commonly since nobody in them is called assistant.
 *
 * @param number of them
 * @param roles in them, with the number of messages of each; at most {@link #MAX_ROLES} and one for all others
 */
public record SilentConversations(long number, Map<String, Long> roles) implements Serializable {
    public static final SilentConversations NONE = new SilentConversations(0, Map.of());

    private static final int MAX_ROLES = 20;
    private static final int MAX_NAME = 40;
    private static final String OTHERS = "others";

    public SilentConversations {
        roles = new TreeMap<>(roles);
    }

    /** One whose roles are those of {@code document}. */
    public static SilentConversations of(Document document) {
        Map<String, Long> roles = new TreeMap<>();
        for (Message message : document.messages()) {
            add(roles, message.role(), 1);
        }
        return new SilentConversations(1, roles);
    }

    private static void add(Map<String, Long> roles, String role, long count) {
        String name = role.length() > MAX_NAME ? role.substring(0, MAX_NAME) + "..." : role;
        roles.merge(roles.size() < MAX_ROLES || roles.containsKey(name) ? name : OTHERS, count, Long::sum);
    }

    public SilentConversations plus(SilentConversations other) {
        Map<String, Long> sum = new TreeMap<>(roles);
        other.roles.forEach((role, count) -> add(sum, role, count));
        return new SilentConversations(number + other.number, sum);
    }

    /** The roles, for people. */
    public String describe() {
        return roles.entrySet().stream()
                .map(role -> "\"" + role.getKey() + "\" " + role.getValue() + " times")
                .collect(Collectors.joining(", "));
    }

    Map<String, String> settings() {
        try {
            return Map.of(
                    "num-silent", Long.toString(number), "silent-roles", new ObjectMapper().writeValueAsString(roles));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    static SilentConversations ofSettings(Map<String, String> settings) {
        try {
            Map<String, Long> roles =
                    new ObjectMapper().readValue(settings.getOrDefault("silent-roles", "{}"), new TypeReference<>() {});
            return new SilentConversations(Long.parseLong(settings.getOrDefault("num-silent", "0")), roles);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
