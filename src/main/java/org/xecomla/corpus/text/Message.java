package org.xecomla.corpus.text;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One turn of a conversation.
 *
 * @param role commonly system, user or assistant
 * @param fields all that a chat template may ask for, role and content among them, in the row's order; values are null,
 *     strings, numbers, booleans, and lists and maps of these
 * @param isLearned whether the row does not say that it is not
 */
public record Message(String role, Map<String, Object> fields, boolean isLearned) {
    /** The role whose words are learned. */
    public static final String ASSISTANT = "assistant";

    static final String CONTENT = "content";

    /** What is said beside the content. */
    private static final List<String> SAID = List.of("reasoning_content", CONTENT, "tool_calls");

    public Message {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    public Message(String role, String content) {
        this(role, fields(role, content), true);
    }

    private static Map<String, Object> fields(String role, String content) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("role", role);
        fields.put(CONTENT, content);
        return fields;
    }

    public boolean isAssistant() {
        return role.equals(ASSISTANT);
    }

    /** The same, not to be learned. */
    Message notLearned() {
        return new Message(role, fields, false);
    }

    /** What the content says: of parts, all their texts; nothing where there is none. */
    public String content() {
        return content(fields.get(CONTENT));
    }

    private static String content(Object content) {
        if (content instanceof List<?> parts) {
            return parts.stream()
                    .map(part -> part instanceof Map<?, ?> map ? String.valueOf(map.get("text")) : "")
                    .collect(Collectors.joining());
        }
        return content == null ? "" : content.toString();
    }

    /** Everything that is said, thoughts and calls too, for comparing texts. */
    String said() {
        Stream<String> said = SAID.stream()
                .map(fields::get)
                .filter(Objects::nonNull)
                .map(value -> value == fields.get(CONTENT) ? content() : value.toString());
        return said.collect(Collectors.joining("\n"));
    }
}
