package org.xecomla.corpus.chat.jinja.library;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.Callable;
import org.xecomla.corpus.chat.jinja.value.CodePoints;
import org.xecomla.corpus.chat.jinja.value.Dict;
import org.xecomla.corpus.chat.jinja.value.DictView;
import org.xecomla.corpus.chat.jinja.value.Loop;
import org.xecomla.corpus.chat.jinja.value.Missing;
import org.xecomla.corpus.chat.jinja.value.Namespace;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.OneShot;
import org.xecomla.corpus.chat.jinja.value.Range;
import org.xecomla.corpus.chat.jinja.value.SafeText;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Tuple;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;

/** {@code value.name}, {@code value[key]} and {@code value[start:stop:step]}, by the rules of Jinja2's sandbox. */
public final class Attributes {
    /** Of numbers and generators in Python, and nothing that a template needs. */
    private static final Set<String> OTHER_NAMES = Set.of(
            "real",
            "imag",
            "numerator",
            "denominator",
            "conjugate",
            "bit_length",
            "bit_count",
            "to_bytes",
            "from_bytes",
            "as_integer_ratio",
            "is_integer",
            "hex",
            "fromhex",
            "start",
            "stop",
            "step",
            "mapping",
            "isdisjoint",
            "send",
            "throw",
            "close",
            "gi_running",
            "gi_suspended",
            "gi_frame",
            "gi_code",
            "gi_yieldfrom",
            "index",
            "count");

    private Attributes() {}

    /** An attribute before a key: {@code message.items} is the method, whatever the message holds under that key. */
    public static Object attribute(Object value, String name) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        Object found = ownAttribute(value, name);
        if (found != Missing.VALUE) {
            return found;
        }
        Dict.Entry entry = value instanceof Dict dict ? dict.entry(name) : null;
        return entry == null ? missing(value, name) : entry.value();
    }

    /** Like {@link #attribute}, without a look at keys. */
    static Object attributeOnly(Object value, String name) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (name.startsWith("_")) {
            throw new TemplateError("the attribute " + name + " is out of bounds");
        }
        Object found = ownAttribute(value, name);
        return found == Missing.VALUE ? missing(value, name) : found;
    }

    /** A key before an attribute. */
    public static Object item(Object value, Object key) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        Object found = element(value, key);
        String name = Values.textOrNull(key);
        if (found == Missing.VALUE && name != null && !name.startsWith("__")) {
            found = ownAttribute(value, name);
        }
        return found == Missing.VALUE ? missing(value, key) : found;
    }

    private static Undefined missing(Object value, Object key) {
        String text = Values.textOrNull(key);
        String named = text != null ? "attribute \"" + text + "\"" : "element " + (Numbers.isNumber(key) ? key : "");
        return new Undefined(Values.typeName(value) + " has no " + named.strip());
    }

    private static Object element(Object value, Object key) {
        if (value instanceof Dict dict) {
            boolean isKey = !(key instanceof List || key instanceof Dict || key instanceof DictView);
            Dict.Entry entry = isKey ? dict.entry(key) : null;
            return entry == null ? Missing.VALUE : entry.value();
        }
        if (!Numbers.isInteger(key)) {
            return Missing.VALUE;
        }
        boolean isSequence = value instanceof String
                || value instanceof SafeText
                || value instanceof List
                || value instanceof Tuple
                || value instanceof Range;
        return isSequence ? element(value, Numbers.big(key)) : Missing.VALUE;
    }

    private static Object element(Object sequence, BigInteger index) {
        long length = Values.length(sequence);
        BigInteger fromStart = index.signum() < 0 ? index.add(BigInteger.valueOf(length)) : index;
        if (fromStart.signum() < 0 || fromStart.compareTo(BigInteger.valueOf(length)) >= 0) {
            return Missing.VALUE;
        }
        return at(sequence, fromStart.longValue());
    }

    private static Object at(Object sequence, long index) {
        if (sequence instanceof Range range) {
            return range.at(index);
        }
        if (sequence instanceof List<?> list) {
            return list.get((int) index);
        }
        if (sequence instanceof Tuple tuple) {
            return tuple.items().get((int) index);
        }
        return CodePoints.at(Values.textOrNull(sequence), (int) index);
    }

    private static Object ownAttribute(Object value, String name) {
        if (value instanceof Loop loop) {
            return ofLoop(loop, name);
        }
        if (value instanceof Namespace namespace) {
            Dict.Entry entry =
                    name.startsWith("_") ? null : namespace.attributes().entry(name);
            return entry == null ? Missing.VALUE : entry.value();
        }
        if (value instanceof Callable) {
            throw new TemplateError("attributes of functions are not supported");
        }
        if (Methods.changes(value, name)) {
            return new Undefined(name + "() would change " + Values.typeName(value) + ", which a template may not");
        }
        Method method = Methods.find(value, name);
        if (method != null) {
            return new BoundMethod(value, name, method);
        }
        if (Methods.isMissing(value, name) || (isOther(value) && OTHER_NAMES.contains(name))) {
            throw new TemplateError("the attribute " + name + " of " + Values.typeName(value) + " is not supported");
        }
        return Missing.VALUE;
    }

    private static boolean isOther(Object value) {
        return Numbers.isNumber(value)
                || value instanceof Range
                || value instanceof DictView
                || value instanceof OneShot;
    }

    private static Object ofLoop(Loop loop, String name) {
        Method method = Methods.find(loop, name);
        if (method != null) {
            return new BoundMethod(loop, name, method);
        }
        return switch (name) {
            case "previtem" -> loop.previousItem();
            case "nextitem" -> loop.nextItem();
            default -> {
                Object found = loop.attribute(name);
                yield found == null ? Missing.VALUE : found;
            }
        };
    }

    /** Bounds are integers or None. */
    public static Object slice(Object value, Object start, Object stop, Object step, Budget budget) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        boolean isSequence = value instanceof String || value instanceof List || value instanceof Tuple;
        if (!isSequence) {
            throw new TemplateError(Values.typeName(value) + " cannot be sliced here");
        }
        int stride = step == null ? 1 : Numbers.index(step);
        if (stride == 0) {
            throw new TemplateError("a slice with steps of zero");
        }
        int length = (int) Values.length(value);
        int from = bound(start, length, stride, stride > 0 ? 0 : length - 1);
        int to = bound(stop, length, stride, stride > 0 ? length : -1);
        if (value instanceof String text) {
            return slice(text, from, to, stride, budget);
        }
        List<?> items = value instanceof Tuple tuple ? tuple.items() : (List<?>) value;
        List<Object> taken = new ArrayList<>();
        for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
            taken.add(items.get((int) i));
        }
        budget.steps(taken.size());
        return value instanceof Tuple ? new Tuple(taken) : taken;
    }

    private static int bound(Object given, int length, int stride, int missing) {
        if (given == null) {
            return missing;
        }
        if (!Numbers.isInteger(given)) {
            throw new TemplateError("a slice from or to " + Values.typeName(given));
        }
        BigInteger bound = Numbers.big(given);
        BigInteger fromStart = bound.signum() < 0 ? bound.add(BigInteger.valueOf(length)) : bound;
        BigInteger least = BigInteger.valueOf(stride > 0 ? 0 : -1);
        BigInteger most = BigInteger.valueOf(stride > 0 ? length : length - 1);
        return fromStart.max(least).min(most).intValue();
    }

    private static String slice(String text, int from, int to, int stride, Budget budget) {
        if (stride == 1) {
            if (from >= to) {
                return "";
            }
            int start = CodePoints.offset(text, from);
            return text.substring(start, text.offsetByCodePoints(start, to - from));
        }
        int[] codePoints = text.codePoints().toArray();
        budget.characters(codePoints.length);
        StringBuilder taken = new StringBuilder();
        for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
            taken.appendCodePoint(codePoints[(int) i]);
        }
        return taken.toString();
    }
}
