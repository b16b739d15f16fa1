package org.xecomla.corpus.chat.jinja.library;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.Dict;
import org.xecomla.corpus.chat.jinja.value.Equality;
import org.xecomla.corpus.chat.jinja.value.FloatText;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.TextBuilder;
import org.xecomla.corpus.chat.jinja.value.Tuple;
import org.xecomla.corpus.chat.jinja.value.Values;

/**
 * The filter {@code tojson} as transformers defines it: Python's {@code json.dumps}, characters as they are.
 *
 * @param asciiOnly whether all others are escaped
 * @param indent of each level, null for all on one line
 */
record Json(boolean asciiOnly, String indent, String itemSeparator, String keySeparator, boolean sorted) {
    static final Signature SIGNATURE = Signature.of("ensure_ascii?", "indent?", "separators?", "sort_keys?");

    private static final int MAX_INDENT = 100;

    static Object filter(Object value, Arguments arguments, Operations operations) {
        String step = indent(arguments.get("indent"));
        String item = step == null ? ", " : ",";
        String key = ": ";
        if (arguments.get("separators") != null) {
            List<Object> separators = Values.list(arguments.get("separators"), operations.budget());
            if (separators.size() != 2) {
                throw new TemplateError("separators are two strings");
            }
            item = Values.string(separators.get(0), "a separator");
            key = Values.string(separators.get(1), "a separator");
        }
        Json json =
                new Json(arguments.truth("ensure_ascii", false), step, item, key, arguments.truth("sort_keys", false));
        TextBuilder out = new TextBuilder(operations.budget());
        json.write(value, out, 0);
        return out.toString();
    }

    /** Null for none. */
    private static String indent(Object given) {
        if (given == null || Values.textOrNull(given) != null) {
            return Values.textOrNull(given);
        }
        int numBlanks = Numbers.index(given);
        if (numBlanks > MAX_INDENT) {
            throw new TemplateError("indents by more than " + MAX_INDENT);
        }
        return " ".repeat(Math.max(0, numBlanks));
    }

    private void write(Object value, TextBuilder out, int level) {
        Budget.valueDepth(level);
        String text = Values.textOrNull(value);
        if (text != null) {
            writeQuoted(text, out);
        } else if (value instanceof List<?> list) {
            writeArray(list, out, level);
        } else if (value instanceof Tuple tuple) {
            writeArray(tuple.items(), out, level);
        } else if (value instanceof Dict dict) {
            writeObject(dict, out, level);
        } else {
            out.append(scalar(value, "in JSON"));
        }
    }

    private static String scalar(Object value, String where) {
        if (value == null) {
            return "null";
        }
        if (value instanceof Boolean truth) {
            return truth.toString();
        }
        if (value instanceof Double real) {
            return real.isInfinite() ? (real > 0 ? "Infinity" : "-Infinity") : FloatText.of(real);
        }
        if (Numbers.isInteger(value)) {
            return value.toString();
        }
        throw new TemplateError(Values.typeName(value) + " cannot stand " + where);
    }

    private void writeArray(List<?> items, TextBuilder out, int level) {
        out.append('[');
        for (Iterator<?> each = items.iterator(); each.hasNext(); ) {
            startLine(out, level + 1);
            write(each.next(), out, level + 1);
            out.append(each.hasNext() ? itemSeparator : "");
        }
        if (!items.isEmpty()) {
            startLine(out, level);
        }
        out.append(']');
    }

    private void writeObject(Dict dict, TextBuilder out, int level) {
        out.append('{');
        List<Dict.Entry> entries = new ArrayList<>(dict.entries());
        if (sorted) {
            entries.sort((a, b) -> Equality.compare(a.key(), b.key()));
        }
        for (Iterator<Dict.Entry> each = entries.iterator(); each.hasNext(); ) {
            Dict.Entry entry = each.next();
            startLine(out, level + 1);
            String key = Values.textOrNull(entry.key());
            writeQuoted(key != null ? key : scalar(entry.key(), "as a key in JSON"), out);
            out.append(keySeparator);
            write(entry.value(), out, level + 1);
            out.append(each.hasNext() ? itemSeparator : "");
        }
        if (!entries.isEmpty()) {
            startLine(out, level);
        }
        out.append('}');
    }

    private void startLine(TextBuilder out, int level) {
        if (indent != null) {
            out.append('\n').repeat(indent, level);
        }
    }

    private void writeQuoted(String text, TextBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            out.append(escaped(text.charAt(i)));
        }
        out.append('"');
    }

    private String escaped(char c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\f' -> "\\f";
            case '\b' -> "\\b";
            default -> c < ' ' || (asciiOnly && c > '~') ? String.format("\\u%04x", (int) c) : String.valueOf(c);
        };
    }
}
