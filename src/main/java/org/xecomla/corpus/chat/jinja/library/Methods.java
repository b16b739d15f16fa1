package org.xecomla.corpus.chat.jinja.library;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.xecomla.corpus.chat.jinja.value.Dict;
import org.xecomla.corpus.chat.jinja.value.DictView;
import org.xecomla.corpus.chat.jinja.value.Equality;
import org.xecomla.corpus.chat.jinja.value.Loop;
import org.xecomla.corpus.chat.jinja.value.SafeText;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Tuple;

/**
 * Methods of values: which there are here, which there are in Python, and which a sandbox that allows no changes hides.
 */
public final class Methods {
    private static final Map<String, Method> OF_LOOPS = Map.of(
            "cycle",
            new Method(Signature.OPEN, (value, arguments, operations) -> ((Loop) value).cycle(positional(arguments))),
            "changed",
            new Method(
                    Signature.OPEN, (value, arguments, operations) -> ((Loop) value).changed(positional(arguments))));

    private static final Map<String, Method> OF_SEQUENCES = Map.of(
            "index",
            new Method(Signature.positional("value", "start?", "stop?"), Methods::indexOf),
            "count",
            new Method(Signature.positional("value"), Methods::countOf));

    private static final Map<String, Method> OF_DICTS = Map.of(
            "get",
            new Method(Signature.positional("key", "default?"), Methods::valueOf),
            "items",
            view(DictView.Kind.ITEMS),
            "keys",
            view(DictView.Kind.KEYS),
            "values",
            view(DictView.Kind.VALUES),
            "copy",
            new Method(Signature.positional(), Methods::copy));

    private static final Set<String> CHANGE_LISTS =
            Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
    private static final Set<String> CHANGE_DICTS = Set.of("clear", "pop", "popitem", "setdefault", "update");

    private static final Set<String> MISSING_OF_STRINGS = Set.of(
            "casefold",
            "encode",
            "expandtabs",
            "format_map",
            "isidentifier",
            "isnumeric",
            "isprintable",
            "istitle",
            "maketrans",
            "swapcase",
            "translate");

    private Methods() {}

    /** Whether any value has a method of that name, whether or not a template may call it. */
    public static boolean isKnown(String name) {
        return StringMethods.ALL.containsKey(name)
                || OF_LOOPS.containsKey(name)
                || OF_SEQUENCES.containsKey(name)
                || OF_DICTS.containsKey(name)
                || CHANGE_LISTS.contains(name)
                || CHANGE_DICTS.contains(name);
    }

    /** Null where it has none. */
    static Method find(Object value, String name) {
        if (value instanceof String) {
            return StringMethods.ALL.get(name);
        }
        if (value instanceof List) {
            return name.equals("copy") ? OF_DICTS.get("copy") : OF_SEQUENCES.get(name);
        }
        if (value instanceof Tuple) {
            return OF_SEQUENCES.get(name);
        }
        return value instanceof Dict ? OF_DICTS.get(name) : value instanceof Loop ? OF_LOOPS.get(name) : null;
    }

    /** Whether Python has a method of that name for it and this package has none. */
    static boolean isMissing(Object value, String name) {
        boolean ofStrings = MISSING_OF_STRINGS.contains(name);
        return (value instanceof String && ofStrings)
                || (value instanceof SafeText && (ofStrings || StringMethods.ALL.containsKey(name)))
                || (value instanceof Dict && name.equals("fromkeys"));
    }

    static boolean changes(Object value, String name) {
        return (value instanceof List && CHANGE_LISTS.contains(name))
                || (value instanceof Dict && CHANGE_DICTS.contains(name));
    }

    private static List<Object> positional(Arguments arguments) {
        if (!arguments.keywords().isEmpty()) {
            throw new TemplateError("takes no arguments by name");
        }
        return arguments.positional();
    }

    private static Method view(DictView.Kind kind) {
        return new Method(Signature.positional(), (value, arguments, operations) -> new DictView((Dict) value, kind));
    }

    private static Object copy(Object value, Arguments arguments, Operations operations) {
        return value instanceof Dict dict ? dict.copy() : value;
    }

    private static Object valueOf(Object value, Arguments arguments, Operations operations) {
        Dict.Entry entry = ((Dict) value).entry(arguments.get("key"));
        return entry == null ? arguments.get("default") : entry.value();
    }

    private static List<?> items(Object value) {
        return value instanceof Tuple tuple ? tuple.items() : (List<?>) value;
    }

    private static Object indexOf(Object value, Arguments arguments, Operations operations) {
        List<?> items = items(value);
        operations.budget().steps(items.size());
        int start = bound(arguments, "start", items.size(), 0);
        int stop = bound(arguments, "stop", items.size(), items.size());
        for (int i = start; i < stop; i++) {
            if (Equality.equal(items.get(i), arguments.get("value"))) {
                return (long) i;
            }
        }
        throw new TemplateError("index() of what is not in the list");
    }

    private static int bound(Arguments arguments, String name, int size, int missing) {
        int bound = arguments.integer(name, missing);
        return Math.max(0, Math.min(size, bound < 0 ? bound + size : bound));
    }

    private static Object countOf(Object value, Arguments arguments, Operations operations) {
        List<?> items = items(value);
        operations.budget().steps(items.size());
        return items.stream()
                .filter(item -> Equality.equal(item, arguments.get("value")))
                .count();
    }
}
