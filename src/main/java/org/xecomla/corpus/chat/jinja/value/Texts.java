package org.xecomla.corpus.chat.jinja.value;

import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/** Python's {@code str} and {@code repr}. */
public final class Texts {
    private Texts() {}

    /** What a value prints. */
    public static String of(Object value, Budget budget) {
        String text = Values.textOrNull(value);
        if (text != null) {
            return text;
        }
        if (value instanceof Undefined undefined) {
            return undefined.text();
        }
        TextBuilder out = new TextBuilder(budget);
        write(value, out, 0);
        return out.toString();
    }

    /** What a value prints within a list. */
    public static String repr(Object value, Budget budget) {
        TextBuilder out = new TextBuilder(budget);
        write(value, out, 0);
        return out.toString();
    }

    private static void write(Object value, TextBuilder out, int level) {
        Budget.valueDepth(level);
        String scalar = scalar(value);
        if (scalar != null) {
            out.append(scalar);
        } else if (value instanceof String text) {
            writeQuoted(text, out);
        } else if (value instanceof SafeText safe) {
            out.append("Markup(");
            writeQuoted(safe.text(), out);
            out.append(')');
        } else if (value instanceof List<?> list) {
            writeItems("[", list, "]", out, level);
        } else if (value instanceof Tuple tuple) {
            writeItems("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")", out, level);
        } else if (value instanceof Dict dict) {
            writeEntries(dict, out, level);
        } else if (value instanceof DictView view) {
            String name = view.kind().name().toLowerCase(Locale.ROOT);
            writeItems("dict_" + name + "([", view.items(), "])", out, level);
        } else if (value instanceof Namespace namespace) {
            out.append("<Namespace ");
            writeEntries(namespace.attributes(), out, level);
            out.append('>');
        } else {
            throw new TemplateError(Values.typeName(value) + " cannot be printed: Python would print its address");
        }
    }

    /** Null where the value is none that has no parts and no quotes. */
    private static String scalar(Object value) {
        if (value == null) {
            return "None";
        }
        if (value instanceof Boolean truth) {
            return truth ? "True" : "False";
        }
        if (value instanceof Double real) {
            return FloatText.of(real);
        }
        if (Numbers.isInteger(value)) {
            return value.toString();
        }
        if (value instanceof Undefined undefined) {
            undefined.text();
            return "Undefined";
        }
        if (value instanceof Range range) {
            return "range(" + range.start() + ", " + range.stop() + (range.step() == 1 ? "" : ", " + range.step())
                    + ")";
        }
        return value instanceof Loop loop ? "<LoopContext " + loop.index() + "/" + loop.length() + ">" : null;
    }

    private static void writeItems(String begin, Collection<?> items, String end, TextBuilder out, int level) {
        out.append(begin);
        String separator = "";
        for (Object item : items) {
            out.append(separator);
            write(item, out, level + 1);
            separator = ", ";
        }
        out.append(end);
    }

    private static void writeEntries(Dict dict, TextBuilder out, int level) {
        out.append('{');
        for (Iterator<Dict.Entry> each = dict.entries().iterator(); each.hasNext(); ) {
            Dict.Entry entry = each.next();
            write(entry.key(), out, level + 1);
            out.append(": ");
            write(entry.value(), out, level + 1);
            out.append(each.hasNext() ? ", " : "");
        }
        out.append('}');
    }

    private static void writeQuoted(String text, TextBuilder out) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        text.codePoints().forEach(c -> {
            if (c == quote || c == '\\') {
                out.append('\\').append((char) c);
            } else {
                out.append(escaped(c));
            }
        });
        out.append(quote);
    }

    private static String escaped(int c) {
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default ->
                isPrintable(c)
                        ? Character.toString(c)
                        : String.format(c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
        };
    }

    private static boolean isPrintable(int c) {
        if (c < 0x7F) {
            return c >= ' ';
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            case Character.UNASSIGNED ->
                throw new TemplateError(String.format(
                        "U+%04X within a list or dictionary: how it is printed depends on Python's version", c));
            default -> true;
        };
    }
}
