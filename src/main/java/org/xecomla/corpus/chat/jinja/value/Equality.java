package org.xecomla.corpus.chat.jinja.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Python's {@code ==}, {@code <} and hashing. */
public final class Equality {
    /** In place of None, which is null, among keys. */
    private static final Object NONE = new Object();

    private record TupleKey(List<Object> items) {}

    private Equality() {}

    public static boolean equal(Object a, Object b) {
        return equal(a, b, 0);
    }

    private static boolean equal(Object a, Object b, int level) {
        Budget.valueDepth(level);
        if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
            return compareNumbers(a, b) == 0;
        }
        String text = Values.textOrNull(a);
        if (text != null) {
            return text.equals(Values.textOrNull(b));
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            return equalItems(x, y, level);
        }
        if (a instanceof Tuple x && b instanceof Tuple y) {
            return equalItems(x.items(), y.items(), level);
        }
        if (a instanceof Dict x && b instanceof Dict y) {
            return equalEntries(x, y, level);
        }
        if (a instanceof Range x && b instanceof Range y) {
            return x.sameNumbers(y);
        }
        if (a instanceof DictView && b instanceof DictView) {
            throw new TemplateError("keys(), values() and items() cannot be compared here: make lists of them");
        }
        return a == b || (a instanceof Undefined && b instanceof Undefined);
    }

    private static boolean equalItems(List<?> a, List<?> b, int level) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (!equal(a.get(i), b.get(i), level + 1)) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalEntries(Dict a, Dict b, int level) {
        if (a.size() != b.size()) {
            return false;
        }
        for (Dict.Entry entry : a.entries()) {
            Dict.Entry other = b.entry(entry.key());
            if (other == null || !equal(entry.value(), other.value(), level + 1)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Below, at or above 0 as the first is before, beside or after the second.
     *
     * @throws TemplateError where they have no order
     */
    public static int compare(Object a, Object b) {
        return compare(a, b, 0);
    }

    private static int compare(Object a, Object b, int level) {
        Budget.valueDepth(level);
        if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
            return compareNumbers(a, b);
        }
        String x = Values.textOrNull(a);
        String y = Values.textOrNull(b);
        if (x != null && y != null) {
            return CodePoints.compare(x, y);
        }
        if (a instanceof List<?> list && b instanceof List<?> other) {
            return compareItems(list, other, level);
        }
        if (a instanceof Tuple tuple && b instanceof Tuple other) {
            return compareItems(tuple.items(), other.items(), level);
        }
        throw new TemplateError(Values.typeName(a) + " and " + Values.typeName(b) + " have no order");
    }

    private static int compareItems(List<?> a, List<?> b, int level) {
        for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
            if (!equal(a.get(i), b.get(i), level + 1)) {
                return compare(a.get(i), b.get(i), level + 1);
            }
        }
        return Integer.compare(a.size(), b.size());
    }

    private static int compareNumbers(Object a, Object b) {
        if (a instanceof Long x && b instanceof Long y) {
            return x.compareTo(y);
        }
        boolean infinite = (a instanceof Double x && x.isInfinite()) || (b instanceof Double y && y.isInfinite());
        return infinite ? Double.compare(Numbers.real(a), Numbers.real(b)) : exact(a).compareTo(exact(b));
    }

    private static BigDecimal exact(Object number) {
        return number instanceof Double real ? new BigDecimal(real) : new BigDecimal(Numbers.big(number));
    }

    /**
     * What is equal in Java where the value is in Python.
     *
     * @throws TemplateError where the value cannot be a key
     */
    public static Object key(Object value) {
        return key(value, 0);
    }

    private static Object key(Object value, int level) {
        Budget.valueDepth(level);
        if (value == null) {
            return NONE;
        }
        if (value instanceof SafeText safe) {
            return safe.text();
        }
        if (value instanceof Boolean) {
            return Numbers.normal(Numbers.big(value));
        }
        if (value instanceof Double real && !real.isInfinite() && real == Math.rint(real)) {
            return wholeKey(new BigDecimal(real).toBigIntegerExact());
        }
        if (value instanceof Tuple tuple) {
            List<Object> items = new ArrayList<>();
            tuple.items().forEach(item -> items.add(key(item, level + 1)));
            return new TupleKey(items);
        }
        if (value instanceof List || value instanceof Dict || value instanceof DictView || value instanceof Range) {
            throw new TemplateError(Values.typeName(value) + " cannot be a key");
        }
        return value;
    }

    private static Object wholeKey(BigInteger number) {
        return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
    }

    /** For sorting. */
    static Comparator<Object> order() {
        return Equality::compare;
    }
}
