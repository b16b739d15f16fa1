package org.xecomla.corpus.chat.jinja.library;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.Map;
import java.util.regex.Pattern;
import org.xecomla.corpus.chat.jinja.value.Arithmetic;
import org.xecomla.corpus.chat.jinja.value.CodePoints;
import org.xecomla.corpus.chat.jinja.value.Equality;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;

/** Filters that make numbers. */
final class NumberFilters {
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]++(?:_[0-9]++)*+");
    private static final Pattern REAL =
            Pattern.compile("[+-]?(?:[0-9]++(?:_[0-9]++)*+(?:\\.(?:[0-9]++(?:_[0-9]++)*+)?)?|\\.[0-9]++(?:_[0-9]++)*+)"
                    + "(?:[eE][+-]?[0-9]++(?:_[0-9]++)*+)?");
    private static final int MAX_LENGTH = 400;

    private NumberFilters() {}

    static void addTo(Map<String, Method> all) {
        all.put("int", new Method(Signature.of("default?", "base?"), NumberFilters::integer));
        all.put("float", new Method(Signature.of("default?"), NumberFilters::real));
        all.put("abs", new Method(Signature.of(), (value, a, o) -> absolute(value)));
        all.put("round", new Method(Signature.of("precision?", "method?"), NumberFilters::round));
        all.put("sum", new Method(Signature.of("attribute?", "start?"), NumberFilters::sum));
        all.put("length", new Method(Signature.of(), (value, a, o) -> Values.length(value)));
        all.put("count", new Method(Signature.of(), (value, a, o) -> Values.length(value)));
        all.put(
                "min",
                new Method(Signature.of("case_sensitive?", "attribute?"), (value, a, o) -> extreme(value, a, o, -1)));
        all.put(
                "max",
                new Method(Signature.of("case_sensitive?", "attribute?"), (value, a, o) -> extreme(value, a, o, 1)));
    }

    private static Object integer(Object value, Arguments arguments, Operations operations) {
        if (arguments.has("base") && !Equality.equal(arguments.get("base"), 10L)) {
            throw new TemplateError("the filter int is for base 10 only");
        }
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        Object missing = arguments.get("default", 0L);
        if (Numbers.isNumber(value)) {
            return Numbers.truncate(value);
        }
        String text = text(value);
        if (text == null) {
            return missing;
        }
        if (INTEGER.matcher(text).matches()) {
            return Numbers.normal(new BigInteger(text.replace("_", "")));
        }
        if (!REAL.matcher(text).matches()) {
            return missing;
        }
        double real = Double.parseDouble(text.replace("_", ""));
        return Double.isInfinite(real) ? missing : Numbers.truncate(real);
    }

    private static Object real(Object value, Arguments arguments, Operations operations) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (Numbers.isNumber(value)) {
            return Numbers.real(value);
        }
        String text = text(value);
        if (text != null && text.matches("(?i)[+-]?(?:inf|infinity|nan)")) {
            throw new TemplateError("infinity or no number (NaN) as a float");
        }
        return text != null && REAL.matcher(text).matches()
                ? (Object) Double.parseDouble(text.replace("_", ""))
                : arguments.get("default", 0.0);
    }

    /** What could be a number's digits; null where it could not. */
    private static String text(Object value) {
        String text = Values.textOrNull(value);
        if (text == null) {
            return null;
        }
        String digits = CodePoints.strip(text, null, true, true);
        boolean isForeign =
                digits.codePoints().anyMatch(c -> c > 0x7F && Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER);
        boolean isLong = digits.length() > MAX_LENGTH;
        if (isForeign || (isLong && digits.chars().allMatch(c -> "0123456789_+-.eE".indexOf(c) >= 0))) {
            throw new TemplateError("a number of other digits than 0 to 9, or of more than " + MAX_LENGTH);
        }
        return isLong ? "" : digits;
    }

    private static Object absolute(Object value) {
        if (!Numbers.isNumber(value)) {
            throw new TemplateError("the filter abs is for numbers, not for " + Values.typeName(value));
        }
        return value instanceof Double real
                ? (Object) Math.abs(real)
                : Numbers.normal(Numbers.big(value).abs());
    }

    private static Object round(Object value, Arguments arguments, Operations operations) {
        int precision = arguments.integer("precision", 0);
        String method = arguments.has("method") ? arguments.text("method") : "common";
        if (!Numbers.isNumber(value) || Math.abs(precision) > MAX_LENGTH) {
            throw new TemplateError("the filter round is for numbers and at most " + MAX_LENGTH + " digits");
        }
        return switch (method) {
            case "common" -> rounded(value, precision);
            case "ceil", "floor" -> bounded(value, precision, method.equals("ceil"));
            default -> throw new TemplateError("the filter round knows common, ceil and floor");
        };
    }

    /** Halves to the even digit; an integer stays one. */
    private static Object rounded(Object value, int precision) {
        if (Numbers.isInteger(value)) {
            BigDecimal number = new BigDecimal(Numbers.big(value));
            BigInteger rounded = precision >= 0
                    ? number.toBigInteger()
                    : number.setScale(precision, RoundingMode.HALF_EVEN).toBigInteger();
            return Numbers.normal(rounded);
        }
        double real = (Double) value;
        if (Double.isInfinite(real)) {
            return real;
        }
        double rounded =
                new BigDecimal(real).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
        return Math.copySign(rounded, real);
    }

    private static Object bounded(Object value, int precision, boolean up) {
        Object power = Numbers.power(10L, (long) precision);
        Object scaled = Numbers.multiply(value, power);
        if (scaled instanceof Double real) {
            scaled = Numbers.truncate(up ? Math.ceil(real) : Math.floor(real));
        }
        return Numbers.divide(scaled, power);
    }

    private static Object sum(Object value, Arguments arguments, Operations operations) {
        AttributePath path = AttributePath.of(arguments.get("attribute"));
        Object sum = arguments.get("start", 0L);
        if (Values.textOrNull(sum) != null) {
            throw new TemplateError("the filter sum is not for strings");
        }
        for (Iterator<Object> each = Values.iterate(value); each.hasNext(); ) {
            operations.budget().steps(1);
            sum = Arithmetic.apply("+", sum, path.of(each.next(), null), operations.budget());
        }
        return sum;
    }

    /** The first of the smallest or largest. */
    private static Object extreme(Object value, Arguments arguments, Operations operations, int sign) {
        AttributePath path = AttributePath.of(arguments.get("attribute"));
        boolean caseSensitive = arguments.truth("case_sensitive", false);
        Iterator<Object> each = Values.iterate(value);
        if (!each.hasNext()) {
            return new Undefined("the smallest or largest of nothing");
        }
        Object best = each.next();
        Object bestKey = path.key(best, caseSensitive);
        while (each.hasNext()) {
            operations.budget().steps(1);
            Object item = each.next();
            Object key = path.key(item, caseSensitive);
            if (Integer.signum(Equality.compare(key, bestKey)) == sign) {
                best = item;
                bestKey = key;
            }
        }
        return best;
    }
}
