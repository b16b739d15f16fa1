package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.xecomla.errors.UserException;

/** Turns in JSON: objects with {@code role} and {@code content}, or with {@code from} and {@code value} (ShareGPT). */
final class Messages {
    private static final Map<String, String> SHAREGPT_ROLES = Map.of(
            "human",
            "user",
            "gpt",
            Message.ASSISTANT,
            "chatgpt",
            Message.ASSISTANT,
            "observation",
            "tool",
            "function_response",
            "tool");
    private static final String FUNCTION_CALL = "function_call";
    private static final String TOOL_CALLS = "tool_calls";
    private static final List<String> FLAGS = List.of("train", "loss");

    private Messages() {}

    /**
     * The turns under {@code key}.
     *
     * @throws UserException naming file and line, where there are none
     */
    static List<Message> of(JsonNode list, String key, DocumentLocation location) {
        if (!list.isArray() || list.isEmpty()) {
            throw new UserException(location.describe() + " has no list of messages under \"" + key + "\"");
        }
        List<Message> messages = new ArrayList<>();
        list.forEach(one -> messages.add(one(one, key, location)));
        return messages;
    }

    /** One turn. */
    static Message one(JsonNode one, String key, DocumentLocation location) {
        String where = location.describe() + " has a message under \"" + key + "\" ";
        Map<String, Object> fields = one.has("from") && one.has("value") ? shareGpt(one, where) : roleFirst(one, where);
        requireContent(one.has("value") ? one.path("value") : one.path(Message.CONTENT), fields, where);
        String role = (String) fields.get("role");
        return new Message(role, fields, isLearned(one, role, where));
    }

    private static Map<String, Object> roleFirst(JsonNode one, String where) {
        if (!one.path("role").isTextual()) {
            throw new UserException(where + "without a text as \"role\"");
        }
        return JsonValues.object(one);
    }

    private static Map<String, Object> shareGpt(JsonNode one, String where) {
        if (!one.path("from").isTextual() || !one.path("value").isTextual()) {
            throw new UserException(where + "without a text as \"from\" or as \"value\"");
        }
        String from = one.get("from").textValue();
        String value = one.get("value").textValue();
        Map<String, Object> fields = new LinkedHashMap<>();
        if (from.equals(FUNCTION_CALL)) {
            fields.put("role", Message.ASSISTANT);
            fields.put(Message.CONTENT, "");
            fields.put(TOOL_CALLS, calls(value, where));
        } else {
            fields.put("role", SHAREGPT_ROLES.getOrDefault(from, from));
            fields.put(Message.CONTENT, value);
        }
        JsonValues.object(one).forEach((key, other) -> {
            if (!key.equals("from") && !key.equals("value")) {
                fields.put(key, other);
            }
        });
        return fields;
    }

    /** A call is an object with name and arguments, several are a list of them. */
    private static List<Object> calls(String json, String where) {
        List<Object> calls = new ArrayList<>();
        try {
            JsonNode node = new ObjectMapper().readTree(json);
            for (JsonNode call : node.isArray() ? node : List.of(node)) {
                if (!call.path("name").isTextual()) {
                    throw new UserException(where + "from " + FUNCTION_CALL + " that names no function");
                }
                calls.add(Map.of("type", "function", "function", JsonValues.object(call)));
            }
        } catch (IOException e) {
            throw new UserException(where + "from " + FUNCTION_CALL + " whose value is not JSON", e);
        }
        return calls;
    }

    /** A text, parts that are all texts, or nothing where tools are called. */
    private static void requireContent(JsonNode content, Map<String, Object> fields, String where) {
        Object calls = fields.get(TOOL_CALLS);
        if (calls != null && !(calls instanceof List)) {
            throw new UserException(where + "whose \"" + TOOL_CALLS + "\" are no list");
        }
        boolean callsTools = calls instanceof List<?> list && !list.isEmpty();
        if (content.isTextual() || (callsTools && (content.isNull() || content.isMissingNode()))) {
            return;
        }
        if (!content.isArray()) {
            String found = content.isMissingNode() ? "" : " but " + typeOf(content);
            throw new UserException(where + "without a text as \"" + Message.CONTENT + "\"" + found
                    + (callsTools ? "" : ": only one with \"" + TOOL_CALLS + "\" may do without"));
        }
        for (JsonNode part : content) {
            if (!part.path("type").asText().equals("text") || !part.path("text").isTextual()) {
                String type = part.path("type").asText(typeOf(part));
                throw new UserException(where + "whose content is a list with a part of type \"" + type
                        + "\": parts of type text alone are read, {\"type\": \"text\", \"text\": ...}");
            }
        }
    }

    private static String typeOf(JsonNode node) {
        return node.getNodeType().toString().toLowerCase(Locale.ROOT);
    }

    /** OpenAI marks turns that are not to be learned by a weight of 0, axolotl by train, ms-swift by loss = false. */
    private static boolean isLearned(JsonNode one, String role, String where) {
        Map<String, Boolean> marks = new LinkedHashMap<>();
        JsonNode weight = one.path("weight");
        if (JsonValues.isGiven(weight)) {
            if (!weight.isNumber() || (weight.doubleValue() != 0 && weight.doubleValue() != 1)) {
                throw new UserException(where + "with \"weight\": " + weight + ": it is 0, not to be learned, or 1");
            }
            marks.put("weight", weight.doubleValue() == 1);
        }
        for (String key : FLAGS) {
            JsonNode flag = one.path(key);
            if (JsonValues.isGiven(flag)) {
                if (!flag.isBoolean()) {
                    throw new UserException(
                            where + "with \"" + key + "\": " + flag + ": it is false, not to be learned, or true");
                }
                marks.put(key, flag.booleanValue());
            }
        }
        if (marks.containsValue(true) && marks.containsValue(false)) {
            throw new UserException(
                    where + "whose \"" + String.join("\" and \"", marks.keySet()) + "\" say different things");
        }
        if (!role.equals(Message.ASSISTANT) && marks.containsValue(true)) {
            throw new UserException(where + "of role " + role
                    + " that is to be learned: only what the assistant says is, or all (corpus.learn = all)");
        }
        return !marks.containsValue(false);
    }
}
