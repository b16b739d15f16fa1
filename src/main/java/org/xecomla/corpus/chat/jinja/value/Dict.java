package org.xecomla.corpus.chat.jinja.value;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A dictionary in the order of insertion, whose keys are equal where Python's are: 1, 1.0 and true are one key. */
public final class Dict {
    /** The key as it was first given, and its value. */
    public record Entry(Object key, Object value) {}

    private final Map<Object, Entry> entries = new LinkedHashMap<>();

    /** @throws TemplateError where the key is a list or another dictionary */
    public Dict put(Object key, Object value) {
        Object hashed = Equality.key(key);
        Entry before = entries.get(hashed);
        entries.put(hashed, new Entry(before == null ? key : before.key(), value));
        return this;
    }

    boolean contains(Object key) {
        return entries.containsKey(Equality.key(key));
    }

    /** Null where there is none. */
    public Entry entry(Object key) {
        return entries.get(Equality.key(key));
    }

    public Collection<Entry> entries() {
        return entries.values();
    }

    List<Object> keys() {
        List<Object> keys = new ArrayList<>(entries.size());
        entries.values().forEach(entry -> keys.add(entry.key()));
        return keys;
    }

    public int size() {
        return entries.size();
    }

    public Dict copy() {
        Dict copy = new Dict();
        copy.entries.putAll(entries);
        return copy;
    }
}
