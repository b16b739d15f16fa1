package org.xecomla.corpus.chat.jinja.library;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.OneShot;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Values;

/** map, select and their like. Each element is looked at when it is asked for, as in Python. */
public final class SelectionFilters {
    private SelectionFilters() {}

    static void addTo(Map<String, Method> all) {
        all.put("map", new Method(Signature.OPEN, (value, a, o) -> new OneShot(o.budget(), () -> mapped(value, a, o))));
        all.put("select", selection(false, true));
        all.put("reject", selection(false, false));
        all.put("selectattr", selection(true, true));
        all.put("rejectattr", selection(true, false));
    }

    private static Iterator<Object> mapped(Object value, Arguments arguments, Operations operations) {
        if (!Values.truth(value)) {
            return Collections.emptyIterator();
        }
        UnaryOperator<Object> function = function(arguments, operations);
        Iterator<Object> items = Values.iterate(value);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return items.hasNext();
            }

            @Override
            public Object next() {
                operations.budget().steps(1);
                return function.apply(items.next());
            }
        };
    }

    private static UnaryOperator<Object> function(Arguments arguments, Operations operations) {
        List<Object> positional = arguments.positional();
        Map<String, Object> keywords = arguments.keywords();
        if (positional.isEmpty() && keywords.containsKey("attribute")) {
            if (!List.of("attribute", "default").containsAll(keywords.keySet())) {
                throw new TemplateError("the filter map takes attribute and default, not " + keywords.keySet());
            }
            AttributePath path = AttributePath.of(keywords.get("attribute"));
            return item -> path.of(item, keywords.get("default"));
        }
        if (positional.isEmpty()) {
            throw new TemplateError("the filter map needs a filter's name or an attribute");
        }
        String name = Values.string(positional.get(0), "a filter's name");
        List<Object> rest = positional.subList(1, positional.size());
        return item -> operations.filter(name, item, rest, keywords);
    }

    private static Method selection(boolean byAttribute, boolean whereTrue) {
        return new Method(
                Signature.OPEN,
                (value, arguments, operations) -> new OneShot(operations.budget(), () -> {
                    if (!Values.truth(value)) {
                        return Collections.emptyIterator();
                    }
                    Predicate<Object> test = test(arguments, byAttribute, operations);
                    return where(Values.iterate(value), whereTrue ? test : test.negate(), operations.budget());
                }));
    }

    private static Predicate<Object> test(Arguments arguments, boolean byAttribute, Operations operations) {
        List<Object> positional = arguments.positional();
        if (byAttribute && positional.isEmpty()) {
            throw new TemplateError("an attribute's name is missing");
        }
        AttributePath path = AttributePath.of(byAttribute ? positional.get(0) : null);
        List<Object> rest = positional.subList(byAttribute ? 1 : 0, positional.size());
        if (rest.isEmpty()) {
            return item -> Values.truth(path.of(item, null));
        }
        String name = Values.string(rest.get(0), "a test's name");
        List<Object> others = rest.subList(1, rest.size());
        return item -> operations.test(name, path.of(item, null), others, arguments.keywords());
    }

    /** Those of the items that pass, found one at a time. */
    public static Iterator<Object> where(Iterator<Object> items, Predicate<Object> test, Budget budget) {
        return new Iterator<>() {
            private Object found;
            private boolean isFound;

            @Override
            public boolean hasNext() {
                while (!isFound && items.hasNext()) {
                    budget.steps(1);
                    found = items.next();
                    isFound = test.test(found);
                }
                return isFound;
            }

            @Override
            public Object next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                isFound = false;
                return found;
            }
        };
    }
}
