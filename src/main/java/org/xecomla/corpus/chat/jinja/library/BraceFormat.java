package org.xecomla.corpus.chat.jinja.library;

import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.FloatText;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.TextBuilder;
import org.xecomla.corpus.chat.jinja.value.Texts;
import org.xecomla.corpus.chat.jinja.value.Values;

/** Python's {@code str.format}: fields by place or name, {@code !r} and {@code !s}, {@code :d} and {@code :.2f}. */
final class BraceFormat {
    private static final String DIGITS = "[0-9]{1,6}";

    private final String format;
    private final Arguments arguments;
    private final Budget budget;
    private int numAutomatic;
    private boolean hasNumbers;

    private BraceFormat(String format, Arguments arguments, Budget budget) {
        this.format = format;
        this.arguments = arguments;
        this.budget = budget;
    }

    static String format(String format, Arguments arguments, Operations operations) {
        return new BraceFormat(format, arguments, operations.budget()).format();
    }

    private String format() {
        TextBuilder out = new TextBuilder(budget);
        for (int i = 0; i < format.length(); ) {
            char c = format.charAt(i);
            if ((c == '{' || c == '}') && format.startsWith("" + c, i + 1)) {
                out.append(c);
                i += 2;
            } else if (c == '{') {
                int end = format.indexOf('}', i);
                if (end < 0 || format.substring(i + 1, end).indexOf('{') >= 0) {
                    throw new TemplateError("a field of format() that is never closed, or holds another");
                }
                out.append(field(format.substring(i + 1, end)));
                i = end + 1;
            } else if (c == '}') {
                throw new TemplateError("a } of format() that closes nothing");
            } else {
                out.append(c);
                i++;
            }
        }
        return out.toString();
    }

    private String field(String field) {
        int colon = field.indexOf(':');
        String specification = colon < 0 ? "" : field.substring(colon + 1);
        String name = colon < 0 ? field : field.substring(0, colon);
        boolean asRepr = name.endsWith("!r");
        boolean asText = name.endsWith("!s");
        Object value = value(asRepr || asText ? name.substring(0, name.length() - 2) : name);
        if (asRepr || asText) {
            value = asRepr ? Texts.repr(value, budget) : Texts.of(value, budget);
        }
        return formatted(value, specification);
    }

    private Object value(String name) {
        if (name.isEmpty() || name.matches(DIGITS)) {
            if (name.isEmpty() ? hasNumbers : numAutomatic > 0) {
                throw new TemplateError("fields of format() with and without numbers");
            }
            hasNumbers = !name.isEmpty();
            int index = name.isEmpty() ? numAutomatic++ : Integer.parseInt(name);
            if (index >= arguments.positional().size()) {
                throw new TemplateError("format() has no argument " + index);
            }
            return arguments.positional().get(index);
        }
        if (!arguments.keywords().containsKey(name)) {
            throw new TemplateError("format() has no argument " + name);
        }
        return arguments.keywords().get(name);
    }

    private String formatted(Object value, String specification) {
        if (specification.isEmpty()) {
            return Texts.of(value, budget);
        }
        if (specification.equals("d") && Numbers.isInteger(value)) {
            return Numbers.big(value).toString();
        }
        if (specification.matches("\\.[0-9]{1,2}f") && Numbers.isNumber(value)) {
            int numDecimals = Integer.parseInt(specification.substring(1, specification.length() - 1));
            return FloatText.fixed(Numbers.real(value), numDecimals);
        }
        throw new TemplateError("format() with :" + specification + " is not supported for " + Values.typeName(value));
    }
}
