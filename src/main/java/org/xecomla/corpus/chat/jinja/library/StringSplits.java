package org.xecomla.corpus.chat.jinja.library;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.CodePoints;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.TextBuilder;
import org.xecomla.corpus.chat.jinja.value.Tuple;
import org.xecomla.corpus.chat.jinja.value.Values;

/** Methods of Python's str that take apart and put together. */
final class StringSplits {
    private StringSplits() {}

    static void addTo(Map<String, Method> all) {
        all.put("split", new Method(Signature.of("sep?", "maxsplit?"), (value, a, o) -> split(value, a, false)));
        all.put("rsplit", new Method(Signature.of("sep?", "maxsplit?"), (value, a, o) -> split(value, a, true)));
        all.put(
                "splitlines",
                new Method(
                        Signature.of("keepends?"), (value, a, o) -> lines((String) value, a.truth("keepends", false))));
        all.put(
                "partition",
                new Method(
                        Signature.positional("separator"),
                        (value, a, o) -> partition((String) value, a.text("separator"), false)));
        all.put(
                "rpartition",
                new Method(
                        Signature.positional("separator"),
                        (value, a, o) -> partition((String) value, a.text("separator"), true)));
        all.put(
                "join",
                new Method(
                        Signature.positional("parts"),
                        (value, a, o) -> join((String) value, a.get("parts"), o.budget())));
    }

    private static Object split(Object value, Arguments arguments, boolean fromEnd) {
        String text = (String) value;
        int most = arguments.integer("maxsplit", -1);
        int limit = most < 0 ? Integer.MAX_VALUE : most;
        List<Object> parts;
        if (arguments.get("sep") == null) {
            parts = fromEnd ? wordsFromEnd(text, limit) : words(text, limit);
        } else {
            String separator = arguments.text("sep");
            if (separator.isEmpty()) {
                throw new TemplateError("an empty separator");
            }
            parts = fromEnd ? splitFromEnd(text, separator, limit) : split(text, separator, limit);
        }
        return parts;
    }

    private static List<Object> split(String text, String separator, int limit) {
        List<Object> parts = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf(separator); at >= 0 && parts.size() < limit; at = text.indexOf(separator, from)) {
            parts.add(text.substring(from, at));
            from = at + separator.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static List<Object> splitFromEnd(String text, String separator, int limit) {
        List<Object> parts = new ArrayList<>();
        int to = text.length();
        while (parts.size() < limit) {
            int at = text.lastIndexOf(separator, to - separator.length());
            if (at < 0) {
                break;
            }
            parts.add(text.substring(at + separator.length(), to));
            to = at;
        }
        parts.add(text.substring(0, to));
        Collections.reverse(parts);
        return parts;
    }

    private static List<Object> words(String text, int limit) {
        List<Object> words = new ArrayList<>();
        int from = CodePoints.skipSpace(text, 0);
        while (from < text.length()) {
            if (words.size() == limit) {
                // What is left keeps the white space at its end.
                words.add(text.substring(from));
                break;
            }
            int to = from;
            while (to < text.length() && !CodePoints.isSpace(text.charAt(to))) {
                to++;
            }
            words.add(text.substring(from, to));
            from = CodePoints.skipSpace(text, to);
        }
        return words;
    }

    private static List<Object> wordsFromEnd(String text, int limit) {
        List<Object> words = new ArrayList<>();
        int to = backOverSpace(text, text.length());
        while (to > 0) {
            if (words.size() == limit) {
                words.add(text.substring(0, to));
                break;
            }
            int from = to;
            while (from > 0 && !CodePoints.isSpace(text.charAt(from - 1))) {
                from--;
            }
            words.add(text.substring(from, to));
            to = backOverSpace(text, from);
        }
        Collections.reverse(words);
        return words;
    }

    private static int backOverSpace(String text, int from) {
        int to = from;
        while (to > 0 && CodePoints.isSpace(text.charAt(to - 1))) {
            to--;
        }
        return to;
    }

    /** The lines, of any kind of line end. */
    static List<Object> lines(String text, boolean keepEnds) {
        List<Object> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); ) {
            if (!CodePoints.endsLine(text.charAt(i))) {
                i++;
                continue;
            }
            int end = text.startsWith("\r\n", i) ? i + 2 : i + 1;
            lines.add(text.substring(from, keepEnds ? end : i));
            from = end;
            i = end;
        }
        if (from < text.length()) {
            lines.add(text.substring(from));
        }
        return lines;
    }

    private static Tuple partition(String text, String separator, boolean fromEnd) {
        if (separator.isEmpty()) {
            throw new TemplateError("an empty separator");
        }
        int at = fromEnd ? text.lastIndexOf(separator) : text.indexOf(separator);
        if (at < 0) {
            return fromEnd ? Tuple.of("", "", text) : Tuple.of(text, "", "");
        }
        return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
    }

    private static String join(String separator, Object parts, Budget budget) {
        TextBuilder out = new TextBuilder(budget);
        String between = "";
        for (Iterator<Object> each = Values.iterate(parts); each.hasNext(); ) {
            budget.steps(1);
            out.append(between).append(Values.string(each.next(), "what is joined"));
            between = separator;
        }
        return out.toString();
    }
}
