package org.xecomla.corpus.chat.jinja.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The values of a template and what Python says of them. They are null for None, Boolean, Long, BigInteger beyond 64
 * bits, Double, String, List, {@link Dict} and this package's own types.
 */
public final class Values {
    private Values() {}

    /**
     * A value from outside: strings, numbers, booleans, null, and maps and lists of these.
     *
     * @throws TemplateError where it is anything else, or too deep
     */
    public static Object of(Object outside, int level) {
        Budget.valueDepth(level);
        if (outside instanceof Map<?, ?> map) {
            Dict dict = new Dict();
            map.forEach((key, value) -> dict.put(of(key, level + 1), of(value, level + 1)));
            return dict;
        }
        if (outside instanceof List<?> list) {
            List<Object> items = new ArrayList<>(list.size());
            list.forEach(item -> items.add(of(item, level + 1)));
            return Collections.unmodifiableList(items);
        }
        if (outside instanceof Integer || outside instanceof Short || outside instanceof Byte) {
            return ((Number) outside).longValue();
        }
        if (outside instanceof BigInteger number) {
            return Numbers.normal(number);
        }
        if (outside instanceof Float || outside instanceof Double || outside instanceof BigDecimal) {
            return Numbers.notNan(((Number) outside).doubleValue());
        }
        if (outside == null
                || outside instanceof String
                || outside instanceof Boolean
                || outside instanceof Long
                || outside instanceof Undefined) {
            return outside;
        }
        throw new TemplateError("a value is none of JSON's");
    }

    public static boolean truth(Object value) {
        if (value == null || value instanceof Undefined) {
            return false;
        }
        if (value instanceof Boolean truth) {
            return truth;
        }
        if (value instanceof Long number) {
            return number != 0;
        }
        if (value instanceof Double number) {
            return number != 0;
        }
        Long length = lengthOrNull(value);
        return length == null || length != 0;
    }

    /** Null where it has none. Text is counted in code points. */
    public static Long lengthOrNull(Object value) {
        if (value instanceof String text) {
            return (long) CodePoints.length(text);
        }
        if (value instanceof SafeText safe) {
            return (long) CodePoints.length(safe.text());
        }
        if (value instanceof List<?> list) {
            return (long) list.size();
        }
        if (value instanceof Tuple tuple) {
            return (long) tuple.items().size();
        }
        if (value instanceof Dict dict) {
            return (long) dict.size();
        }
        if (value instanceof DictView view) {
            return (long) view.dict().size();
        }
        if (value instanceof Range range) {
            return range.length();
        }
        if (value instanceof Undefined) {
            return 0L;
        }
        return value instanceof Loop loop ? (Long) loop.length() : null;
    }

    public static long length(Object value) {
        Long length = lengthOrNull(value);
        if (length == null) {
            throw new TemplateError(typeName(value) + " has no length");
        }
        return length;
    }

    public static boolean isIterable(Object value) {
        return value instanceof String
                || value instanceof SafeText
                || value instanceof List
                || value instanceof Tuple
                || value instanceof Dict
                || value instanceof DictView
                || value instanceof Range
                || value instanceof OneShot
                || value instanceof Undefined
                || value instanceof Loop;
    }

    /** @throws TemplateError where one cannot go through it */
    public static Iterator<Object> iterate(Object value) {
        if (value instanceof String text) {
            return CodePoints.characters(text);
        }
        if (value instanceof SafeText safe) {
            return CodePoints.characters(safe.text());
        }
        if (value instanceof List<?> list) {
            return Collections.<Object>unmodifiableList(list).iterator();
        }
        if (value instanceof Tuple tuple) {
            return tuple.items().iterator();
        }
        if (value instanceof Dict dict) {
            return dict.keys().iterator();
        }
        if (value instanceof DictView view) {
            return view.items().iterator();
        }
        if (value instanceof Range range) {
            return range.iterator();
        }
        if (value instanceof OneShot once) {
            return once;
        }
        if (value instanceof Undefined) {
            return Collections.emptyIterator();
        }
        throw new TemplateError(typeName(value) + " is nothing to go through");
    }

    /** The elements, counted as steps. */
    public static List<Object> list(Object value, Budget budget) {
        List<Object> items = new ArrayList<>();
        for (Iterator<Object> each = iterate(value); each.hasNext(); ) {
            budget.steps(1);
            items.add(each.next());
        }
        return items;
    }

    public static boolean contains(Object container, Object value, Budget budget) {
        String text = textOrNull(container);
        if (text != null) {
            budget.steps(text.length() / 16);
            return text.contains(string(value, "what is looked for in a string"));
        }
        if (container instanceof Dict dict) {
            return dict.contains(value);
        }
        if (container instanceof DictView view && view.kind() == DictView.Kind.KEYS) {
            return view.dict().contains(value);
        }
        if (container instanceof Range range) {
            return range.contains(value);
        }
        for (Iterator<Object> each = iterate(container); each.hasNext(); ) {
            budget.steps(1);
            if (Equality.equal(each.next(), value)) {
                return true;
            }
        }
        return false;
    }

    /** The text of a string, safe or not; null where it is no string. */
    public static String textOrNull(Object value) {
        return value instanceof String text ? text : value instanceof SafeText safe ? safe.text() : null;
    }

    /** @param what for the message */
    public static String string(Object value, String what) {
        String text = textOrNull(value);
        if (text == null) {
            throw new TemplateError(what + " must be a string, not " + typeName(value));
        }
        return text;
    }

    /** A value's type as Python calls it, for messages. */
    public static String typeName(Object value) {
        if (value == null) {
            return "None";
        }
        if (value instanceof Undefined undefined) {
            return "an undefined value (" + undefined.reason() + ")";
        }
        if (value instanceof Callable) {
            return "a function";
        }
        if (value instanceof Boolean) {
            return "a bool";
        }
        if (Numbers.isNumber(value)) {
            return value instanceof Double ? "a float" : "an int";
        }
        if (value instanceof List) {
            return "a list";
        }
        if (value instanceof OneShot) {
            return "a generator";
        }
        return textOrNull(value) != null
                ? "a str"
                : "a " + value.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }
}
