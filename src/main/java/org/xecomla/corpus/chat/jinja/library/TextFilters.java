package org.xecomla.corpus.chat.jinja.library;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.Case;
import org.xecomla.corpus.chat.jinja.value.CodePoints;
import org.xecomla.corpus.chat.jinja.value.Dict;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.PercentFormat;
import org.xecomla.corpus.chat.jinja.value.SafeText;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.TextBuilder;
import org.xecomla.corpus.chat.jinja.value.Texts;
import org.xecomla.corpus.chat.jinja.value.Tuple;
import org.xecomla.corpus.chat.jinja.value.Values;

/** Filters that make text, of whatever prints as text. */
final class TextFilters {
    private TextFilters() {}

    static void addTo(Map<String, Method> all) {
        all.put("upper", shape(Case::upper));
        all.put("lower", shape(Case::lower));
        all.put("capitalize", shape(Case::capitalize));
        all.put("string", shape(text -> text));
        all.put("title", new Method(Signature.of(), (value, a, o) -> title(Texts.of(value, o.budget()))));
        all.put("trim", new Method(Signature.of("chars?"), (value, a, o) -> {
            String characters = a.get("chars") == null ? null : a.text("chars");
            return shaped(value, o.budget(), text -> CodePoints.strip(text, characters, true, true));
        }));
        all.put(
                "center",
                new Method(
                        Signature.of("width?"),
                        (value, a, o) -> shaped(
                                value,
                                o.budget(),
                                text -> StringMethods.center(text, a.integer("width", 80), o.budget()))));
        all.put("safe", new Method(Signature.of(), (value, a, o) -> new SafeText(Texts.of(value, o.budget()))));
        Method escape = new Method(Signature.of(), TextFilters::escape);
        all.put("escape", escape);
        all.put("e", escape);
        all.put("replace", new Method(Signature.of("old", "new", "count?"), TextFilters::replace));
        all.put("indent", new Method(Signature.of("width?", "first?", "blank?"), TextFilters::indent));
        all.put(
                "truncate",
                new Method(Signature.of("length?", "killwords?", "end?", "leeway?"), TextFilters::truncate));
        all.put("wordcount", new Method(Signature.of(), (value, a, o) -> numWords(Texts.of(value, o.budget()))));
        all.put("format", new Method(Signature.OPEN, TextFilters::format));
        all.put("join", new Method(Signature.of("d?", "attribute?"), TextFilters::join));
    }

    private static Method shape(UnaryOperator<String> shape) {
        return new Method(Signature.of(), (value, arguments, operations) -> shaped(value, operations.budget(), shape));
    }

    /** What is safe stays so. */
    private static Object shaped(Object value, Budget budget, UnaryOperator<String> shape) {
        return value instanceof SafeText safe
                ? new SafeText(shape.apply(safe.text()))
                : shape.apply(Texts.of(value, budget));
    }

    /** Large letters after white space, a hyphen or an opening bracket: not what the method title() does. */
    private static String title(String text) {
        StringBuilder title = new StringBuilder(text.length());
        int from = 0;
        for (int i = 0; i <= text.length(); i++) {
            if (i == text.length() || isWordBeginning(text.charAt(i))) {
                appendTitled(text.substring(from, i), title);
                title.append(i == text.length() ? "" : text.substring(i, i + 1));
                from = i + 1;
            }
        }
        return title.toString();
    }

    private static boolean isWordBeginning(char c) {
        return CodePoints.isSpace(c) || "-({[<".indexOf(c) >= 0;
    }

    private static void appendTitled(String word, StringBuilder title) {
        if (!word.isEmpty()) {
            int first = Character.charCount(word.codePointAt(0));
            title.append(Case.upper(word.substring(0, first))).append(Case.lower(word.substring(first)));
        }
    }

    private static Object escape(Object value, Arguments arguments, Operations operations) {
        if (value instanceof SafeText) {
            return value;
        }
        String text = Texts.of(value, operations.budget());
        operations.budget().characters((long) SafeText.LONGEST * text.length());
        return SafeText.escaped(text);
    }

    private static Object replace(Object value, Arguments arguments, Operations operations) {
        Budget budget = operations.budget();
        return StringMethods.replace(
                Texts.of(value, budget),
                Texts.of(arguments.get("old"), budget),
                Texts.of(arguments.get("new"), budget),
                arguments.get("count") == null ? -1 : arguments.integer("count", -1),
                budget);
    }

    private static String plainString(Object value, String filter) {
        if (value instanceof String text) {
            return text;
        }
        throw new TemplateError("the filter " + filter + " is for strings, not for " + Values.typeName(value));
    }

    private static Object indent(Object value, Arguments arguments, Operations operations) {
        String text = plainString(value, "indent");
        Object width = arguments.get("width", 4L);
        String indent = Values.textOrNull(width);
        if (indent == null) {
            indent = new TextBuilder(operations.budget())
                    .repeat(" ", Numbers.index(width))
                    .toString();
        }
        boolean blank = arguments.truth("blank", false);
        TextBuilder out = new TextBuilder(operations.budget());
        List<Object> lines = StringSplits.lines(text + "\n", false);
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            boolean indents = i == 0 ? arguments.truth("first", false) : blank || !line.isEmpty();
            out.append(i == 0 ? "" : "\n").append(indents ? indent : "").append(line);
        }
        return out.toString();
    }

    private static Object truncate(Object value, Arguments arguments, Operations operations) {
        String text = plainString(value, "truncate");
        String end = arguments.has("end") ? arguments.text("end") : "...";
        int length = arguments.integer("length", 255);
        int leeway = arguments.get("leeway") == null ? 5 : arguments.integer("leeway", 5);
        int kept = length - CodePoints.length(end);
        if (kept < 0 || leeway < 0) {
            throw new TemplateError("truncate to " + length + " characters with a leeway of " + leeway);
        }
        if (CodePoints.length(text) <= (long) length + leeway) {
            return text;
        }
        String start = text.substring(0, CodePoints.offset(text, kept));
        int lastBlank = arguments.truth("killwords", false) ? -1 : start.lastIndexOf(' ');
        return (lastBlank < 0 ? start : start.substring(0, lastBlank)) + end;
    }

    private static long numWords(String text) {
        long numWords = 0;
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
            boolean isPart = c == '_' || Case.isAlphanumeric(c);
            numWords += isPart && !inWord ? 1 : 0;
            inWord = isPart;
        }
        return numWords;
    }

    private static Object format(Object value, Arguments arguments, Operations operations) {
        if (value instanceof SafeText
                || (!arguments.positional().isEmpty() && !arguments.keywords().isEmpty())) {
            throw new TemplateError("the filter format is for plain strings, and values all with or all without names");
        }
        Dict named = new Dict();
        for (Map.Entry<String, Object> keyword : arguments.keywords().entrySet()) {
            named.put(keyword.getKey(), keyword.getValue());
        }
        Object values = named.size() > 0 ? named : new Tuple(arguments.positional());
        return PercentFormat.format(Texts.of(value, operations.budget()), values, operations.budget());
    }

    private static Object join(Object value, Arguments arguments, Operations operations) {
        Budget budget = operations.budget();
        AttributePath path = AttributePath.of(arguments.get("attribute"));
        String separator = Texts.of(arguments.get("d", ""), budget);
        TextBuilder out = new TextBuilder(budget);
        String between = "";
        for (Iterator<Object> each = Values.iterate(value); each.hasNext(); ) {
            budget.steps(1);
            out.append(between).append(Texts.of(path.of(each.next(), null), budget));
            between = separator;
        }
        return out.toString();
    }
}
