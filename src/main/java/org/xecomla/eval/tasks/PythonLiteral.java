package org.xecomla.eval.tasks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Reads what Python prints of lists, dictionaries and strings ({@code ast.literal_eval}): RACE keeps its problems that
 * way.
 */
final class PythonLiteral {
    private final String text;
    private int next;

    private PythonLiteral(String text) {
        this.text = text;
    }

    /** @throws IllegalArgumentException saying at which character it is no literal of that kind */
    static JsonNode parse(String text) {
        PythonLiteral parser = new PythonLiteral(text);
        JsonNode value = parser.value();
        parser.skipSpace();
        if (parser.next < text.length()) {
            throw parser.wrong();
        }
        return value;
    }

    private JsonNode value() {
        skipSpace();
        char c = peek();
        return switch (c) {
            case '[' -> list();
            case '{' -> dictionary();
            case '\'', '"' -> JsonNodeFactory.instance.textNode(string());
            default -> throw wrong();
        };
    }

    private ArrayNode list() {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        next++;
        while (!closes(']')) {
            list.add(value());
            comma(']');
        }
        return list;
    }

    private ObjectNode dictionary() {
        ObjectNode dictionary = JsonNodeFactory.instance.objectNode();
        next++;
        while (!closes('}')) {
            String key = string();
            skipSpace();
            if (peek() != ':') {
                throw wrong();
            }
            next++;
            dictionary.set(key, value());
            comma('}');
        }
        return dictionary;
    }

    private boolean closes(char end) {
        skipSpace();
        if (peek() != end) {
            return false;
        }
        next++;
        return true;
    }

    private void comma(char end) {
        skipSpace();
        if (peek() == ',') {
            next++;
        } else if (peek() != end) {
            throw wrong();
        }
    }

    private String string() {
        skipSpace();
        char quote = peek();
        if (quote != '\'' && quote != '"') {
            throw wrong();
        }
        next++;
        StringBuilder value = new StringBuilder();
        while (peek() != quote) {
            char c = text.charAt(next++);
            if (c == '\\') {
                escape(value);
            } else {
                value.append(c);
            }
        }
        next++;
        return value.toString();
    }

    private void escape(StringBuilder value) {
        char c = peek();
        next++;
        switch (c) {
            case 'n' -> value.append('\n');
            case 't' -> value.append('\t');
            case 'r' -> value.append('\r');
            case '\\', '\'', '"' -> value.append(c);
            case 'x' -> value.appendCodePoint(hex(2));
            case 'u' -> value.appendCodePoint(hex(4));
            case 'U' -> value.appendCodePoint(hex(8));
            default -> throw wrong();
        }
    }

    private int hex(int digits) {
        int end = next + digits;
        if (end > text.length()) {
            throw wrong();
        }
        try {
            int code = Integer.parseInt(text, next, end, 16);
            next = end;
            return code;
        } catch (NumberFormatException e) {
            throw wrong();
        }
    }

    private void skipSpace() {
        while (next < text.length() && PythonText.isSpace(text.charAt(next))) {
            next++;
        }
    }

    private char peek() {
        if (next >= text.length()) {
            throw wrong();
        }
        return text.charAt(next);
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException("not a list of dictionaries of strings at character " + next);
    }
}
