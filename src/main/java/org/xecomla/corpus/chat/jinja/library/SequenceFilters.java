package org.xecomla.corpus.chat.jinja.library;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.CodePoints;
import org.xecomla.corpus.chat.jinja.value.Dict;
import org.xecomla.corpus.chat.jinja.value.DictView;
import org.xecomla.corpus.chat.jinja.value.Equality;
import org.xecomla.corpus.chat.jinja.value.OneShot;
import org.xecomla.corpus.chat.jinja.value.SafeText;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;

/** Filters that take from lists and put them in order. */
final class SequenceFilters {
    private SequenceFilters() {}

    static void addTo(Map<String, Method> all) {
        all.put("list", new Method(Signature.of(), (value, a, o) -> Values.list(value, o.budget())));
        all.put("first", new Method(Signature.of(), (value, a, o) -> first(value)));
        all.put("last", new Method(Signature.of(), (value, a, o) -> last(value, o.budget())));
        all.put("items", new Method(Signature.of(), (value, a, o) -> new OneShot(o.budget(), () -> items(value))));
        all.put("reverse", new Method(Signature.of(), (value, a, o) -> reversed(value, o.budget())));
        all.put(
                "dictsort",
                new Method(Signature.of("case_sensitive?", "by?", "reverse?"), SequenceFilters::sortedItems));
        all.put("sort", new Method(Signature.of("reverse?", "case_sensitive?", "attribute?"), SequenceFilters::sorted));
        all.put(
                "unique",
                new Method(
                        Signature.of("case_sensitive?", "attribute?"),
                        (value, a, o) -> new OneShot(o.budget(), () -> unique(value, a, o.budget()))));
        all.put(
                "batch",
                new Method(
                        Signature.of("linecount", "fill_with?"),
                        (value, a, o) -> new OneShot(o.budget(), () -> batches(value, a, o.budget()))));
    }

    private static Object first(Object value) {
        Iterator<Object> each = Values.iterate(value);
        return each.hasNext() ? each.next() : new Undefined("the first of nothing");
    }

    private static Object last(Object value, Budget budget) {
        if (value instanceof OneShot) {
            throw new TemplateError("the filter last is not for what can be gone through once only: make a list of it");
        }
        List<Object> items = Values.list(value, budget);
        return items.isEmpty() ? new Undefined("the last of nothing") : items.get(items.size() - 1);
    }

    private static Iterator<Object> items(Object value) {
        if (value instanceof Undefined) {
            return Collections.emptyIterator();
        }
        if (!(value instanceof Dict dict)) {
            throw new TemplateError("the filter items is for dictionaries, not for " + Values.typeName(value));
        }
        return new DictView(dict, DictView.Kind.ITEMS).items().iterator();
    }

    private static Object reversed(Object value, Budget budget) {
        if (value instanceof String text) {
            return CodePoints.reversed(text);
        }
        if (value instanceof SafeText safe) {
            return new SafeText(CodePoints.reversed(safe.text()));
        }
        List<Object> items = Values.list(value, budget);
        Collections.reverse(items);
        return value instanceof OneShot ? items : new OneShot(budget, items::iterator);
    }

    private static Object sortedItems(Object value, Arguments arguments, Operations operations) {
        if (!(value instanceof Dict dict)) {
            throw new TemplateError("the filter dictsort is for dictionaries, not for " + Values.typeName(value));
        }
        String by = arguments.has("by") ? arguments.text("by") : "key";
        if (!by.equals("key") && !by.equals("value")) {
            throw new TemplateError("the filter dictsort sorts by key or value, not by " + by);
        }
        AttributePath place = new AttributePath(List.of(by.equals("key") ? 0L : 1L));
        List<Object> items = new DictView(dict, DictView.Kind.ITEMS).items();
        sort(items, List.of(place), arguments, operations.budget());
        return items;
    }

    private static Object sorted(Object value, Arguments arguments, Operations operations) {
        List<Object> items = Values.list(value, operations.budget());
        sort(items, AttributePath.several(arguments.get("attribute")), arguments, operations.budget());
        return items;
    }

    private record Keyed(Object item, List<Object> keys) {}

    /** Stable, in both directions. */
    private static void sort(List<Object> items, List<AttributePath> paths, Arguments arguments, Budget budget) {
        boolean caseSensitive = arguments.truth("case_sensitive", false);
        List<Keyed> keyed = new ArrayList<>();
        for (Object item : items) {
            List<Object> keys = new ArrayList<>();
            paths.forEach(path -> keys.add(path.key(item, caseSensitive)));
            keyed.add(new Keyed(item, keys));
        }
        Comparator<Keyed> order = (a, b) -> {
            budget.steps(1);
            return Equality.compare(a.keys(), b.keys());
        };
        keyed.sort(arguments.truth("reverse", false) ? order.reversed() : order);
        items.clear();
        keyed.forEach(one -> items.add(one.item()));
    }

    private static Iterator<Object> unique(Object value, Arguments arguments, Budget budget) {
        AttributePath path = AttributePath.of(arguments.get("attribute"));
        boolean caseSensitive = arguments.truth("case_sensitive", false);
        Set<Object> seen = new HashSet<>();
        return SelectionFilters.where(
                Values.iterate(value), item -> seen.add(Equality.key(path.key(item, caseSensitive))), budget);
    }

    private static Iterator<Object> batches(Object value, Arguments arguments, Budget budget) {
        int size = arguments.integer("linecount", 1);
        if (size < 1) {
            throw new TemplateError("the filter batch needs a positive number");
        }
        Object filling = arguments.get("fill_with");
        List<Object> batches = new ArrayList<>();
        List<Object> batch = new ArrayList<>();
        for (Object item : Values.list(value, budget)) {
            if (batch.size() == size) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            if (filling != null) {
                budget.steps(size - batch.size());
                batch.addAll(Collections.nCopies(size - batch.size(), filling));
            }
            batches.add(batch);
        }
        return batches.iterator();
    }
}
