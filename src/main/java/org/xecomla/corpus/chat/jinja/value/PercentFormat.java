package org.xecomla.corpus.chat.jinja.value;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code format % values} with s, r, d, i, f, x and X. */
public final class PercentFormat {
    private static final Pattern FIELD =
            Pattern.compile("%(?:\\(([^()]*)\\))?([-0+ ]*)([0-9]{0,4})(?:\\.([0-9]{1,2}))?([a-zA-Z%])");

    private final List<Object> values;
    private final Object given;
    private final Budget budget;
    private int next;

    private PercentFormat(Object given, Budget budget) {
        this.given = given;
        this.values = given instanceof Tuple tuple ? tuple.items() : Collections.singletonList(given);
        this.budget = budget;
    }

    public static String format(String format, Object given, Budget budget) {
        PercentFormat formatter = new PercentFormat(given, budget);
        TextBuilder out = new TextBuilder(budget);
        Matcher field = FIELD.matcher(format);
        int from = 0;
        for (int at = format.indexOf('%'); at >= 0; at = format.indexOf('%', from)) {
            if (!field.region(at, format.length()).lookingAt()) {
                throw new TemplateError("a % that begins no field");
            }
            out.append(format.substring(from, at));
            formatter.append(field, out);
            from = field.end();
        }
        formatter.requireAllUsed();
        return out.append(format.substring(from)).toString();
    }

    private void append(Matcher field, TextBuilder out) {
        String type = field.group(5);
        if (type.equals("%")) {
            if (field.end() - field.start() > 2) {
                throw new TemplateError("%% with something between");
            }
            out.append('%');
            return;
        }
        Object value = field.group(1) == null ? next() : named(field.group(1));
        String flags = field.group(2);
        String text = text(value, type, field.group(4));
        boolean isNumber = !"sr".contains(type);
        if (!isNumber && !flags.replace("-", "").isEmpty()) {
            throw new TemplateError("%" + flags + type + " is not supported");
        }
        String sign =
                text.startsWith("-") && isNumber ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
        String digits = sign.equals("-") ? text.substring(1) : text;
        int width = field.group(3).isEmpty() ? 0 : Integer.parseInt(field.group(3));
        int missing = width - CodePoints.length(digits) - sign.length();
        boolean atLeft = flags.contains("-");
        boolean withZeros = flags.contains("0") && !atLeft;
        out.repeat(" ", atLeft || withZeros ? 0 : missing)
                .append(sign)
                .repeat("0", withZeros ? missing : 0)
                .append(digits)
                .repeat(" ", atLeft ? missing : 0);
    }

    private Object next() {
        if (next >= values.size()) {
            throw new TemplateError("more fields than values to format");
        }
        return values.get(next++);
    }

    private Object named(String name) {
        Dict.Entry entry = given instanceof Dict dict ? dict.entry(name) : null;
        if (entry == null) {
            throw new TemplateError("no value to format is called " + name);
        }
        return entry.value();
    }

    /** What could be a mapping need not be used: so Python has it, of lists too. */
    private void requireAllUsed() {
        boolean mayBeMapping =
                given instanceof Dict || given instanceof List || given instanceof Undefined || given instanceof Range;
        if (next < values.size() && !mayBeMapping) {
            throw new TemplateError("more values to format than fields");
        }
    }

    private String text(Object value, String type, String precision) {
        if ("sr".contains(type)) {
            String text = type.equals("s") ? Texts.of(value, budget) : Texts.repr(value, budget);
            int length = precision == null ? text.length() : Integer.parseInt(precision);
            return length >= CodePoints.length(text) ? text : text.substring(0, CodePoints.offset(text, length));
        }
        if (!Numbers.isNumber(value)) {
            throw new TemplateError("%" + type + " of " + Values.typeName(value));
        }
        if (type.equalsIgnoreCase("f")) {
            return FloatText.fixed(Numbers.real(value), precision == null ? 6 : Integer.parseInt(precision));
        }
        if (precision != null) {
            throw new TemplateError("%." + precision + type + " is not supported");
        }
        if ("di".contains(type)) {
            return Numbers.truncate(value).toString();
        }
        if (type.equalsIgnoreCase("x") && Numbers.isInteger(value)) {
            String digits = Numbers.big(value).toString(16);
            return type.equals("x") ? digits : digits.toUpperCase(Locale.ROOT);
        }
        throw new TemplateError("%" + type + " is not supported for " + Values.typeName(value));
    }
}
