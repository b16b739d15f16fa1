package org.xecomla.corpus.chat.jinja.library;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.xecomla.corpus.chat.jinja.value.Arithmetic;
import org.xecomla.corpus.chat.jinja.value.Callable;
import org.xecomla.corpus.chat.jinja.value.Case;
import org.xecomla.corpus.chat.jinja.value.Dict;
import org.xecomla.corpus.chat.jinja.value.Equality;
import org.xecomla.corpus.chat.jinja.value.Loop;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.Range;
import org.xecomla.corpus.chat.jinja.value.SafeText;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Texts;
import org.xecomla.corpus.chat.jinja.value.Tuple;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;

/** What may follow {@code is}. */
public final class Tests {
    private static final Map<String, Method> ALL = all();

    private Tests() {}

    private static Map<String, Method> all() {
        Map<String, Method> all = new HashMap<>();
        addTypes(all);
        addComparisons(all);
        all.put("odd", new Method(Signature.of(), (value, a, o) -> remainder(value, 2L, o, 1L)));
        all.put("even", new Method(Signature.of(), (value, a, o) -> remainder(value, 2L, o, 0L)));
        all.put("divisibleby", new Method(Signature.of("num"), (value, a, o) -> remainder(value, a.get("num"), o, 0L)));
        all.put("lower", new Method(Signature.of(), (value, a, o) -> Case.isLower(Texts.of(value, o.budget()))));
        all.put("upper", new Method(Signature.of(), (value, a, o) -> Case.isUpper(Texts.of(value, o.budget()))));
        all.put("sameas", new Method(Signature.of("other"), (value, a, o) -> isSame(value, a.get("other"))));
        all.put(
                "in",
                new Method(Signature.of("seq"), (value, a, o) -> Values.contains(a.get("seq"), value, o.budget())));
        return Map.copyOf(all);
    }

    /** Null where there is none. */
    public static Method find(String name) {
        return ALL.get(name);
    }

    private static void type(Map<String, Method> all, String name, Predicate<Object> test) {
        all.put(name, new Method(Signature.of(), (value, arguments, operations) -> test.test(value)));
    }

    private static void addTypes(Map<String, Method> all) {
        type(all, "defined", value -> !(value instanceof Undefined));
        type(all, "undefined", value -> value instanceof Undefined);
        type(all, "none", value -> value == null);
        type(all, "boolean", value -> value instanceof Boolean);
        type(all, "true", value -> Boolean.TRUE.equals(value));
        type(all, "false", value -> Boolean.FALSE.equals(value));
        type(all, "integer", value -> Numbers.isInteger(value) && !(value instanceof Boolean));
        type(all, "float", value -> value instanceof Double);
        type(all, "number", Numbers::isNumber);
        type(all, "string", value -> Values.textOrNull(value) != null);
        type(all, "mapping", value -> value instanceof Dict);
        type(all, "iterable", Values::isIterable);
        type(all, "sequence", Tests::isSequence);
        type(
                all,
                "callable",
                value -> value instanceof Callable || value instanceof Undefined || value instanceof Loop);
        type(all, "escaped", value -> value instanceof SafeText);
    }

    /** Whatever has a length and can be asked for an element: a dictionary too. */
    private static boolean isSequence(Object value) {
        return Values.textOrNull(value) != null
                || value instanceof List
                || value instanceof Tuple
                || value instanceof Dict
                || value instanceof Range
                || value instanceof Undefined;
    }

    private static void addComparisons(Map<String, Method> all) {
        Method equal =
                new Method(Signature.positional("other"), (value, a, o) -> Equality.equal(value, a.get("other")));
        List.of("==", "eq", "equalto").forEach(name -> all.put(name, equal));
        Method unequal =
                new Method(Signature.positional("other"), (value, a, o) -> !Equality.equal(value, a.get("other")));
        List.of("!=", "ne").forEach(name -> all.put(name, unequal));
        order(all, sign -> sign < 0, "<", "lt", "lessthan");
        order(all, sign -> sign <= 0, "<=", "le");
        order(all, sign -> sign > 0, ">", "gt", "greaterthan");
        order(all, sign -> sign >= 0, ">=", "ge");
    }

    private static void order(Map<String, Method> all, IntPredicate test, String... names) {
        Method method = new Method(
                Signature.positional("other"), (value, a, o) -> test.test(Equality.compare(value, a.get("other"))));
        List.of(names).forEach(name -> all.put(name, method));
    }

    private static boolean remainder(Object value, Object divisor, Operations operations, Object expected) {
        return Equality.equal(Arithmetic.apply("%", value, divisor, operations.budget()), expected);
    }

    private static boolean isSame(Object value, Object other) {
        boolean areSingle = value == null || other == null || value instanceof Boolean || other instanceof Boolean;
        if (!areSingle && value.getClass() == other.getClass()) {
            throw new TemplateError("the test sameas is for None, true and false only: ask for == instead");
        }
        return areSingle && (value == null ? other == null : value.equals(other));
    }
}
