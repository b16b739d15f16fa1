package org.xecomla.corpus.chat.jinja.library;

import java.util.List;
import java.util.Map;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Values;

/**
 * What a function is called with.
 *
 * @param positional as given
 * @param keywords as given
 * @param values of the parameters that were given, by name
 */
public record Arguments(List<Object> positional, Map<String, Object> keywords, Map<String, Object> values) {
    static final Arguments NONE = new Arguments(List.of(), Map.of(), Map.of());

    boolean has(String name) {
        return values.containsKey(name);
    }

    Object get(String name) {
        return values.get(name);
    }

    Object get(String name, Object missing) {
        return values.getOrDefault(name, missing);
    }

    boolean truth(String name, boolean missing) {
        return has(name) ? Values.truth(get(name)) : missing;
    }

    /** @throws TemplateError where it is no integer that fits */
    int integer(String name, int missing) {
        return has(name) ? Numbers.index(get(name)) : missing;
    }

    /** @throws TemplateError where it is no string */
    String text(String name) {
        return Values.string(get(name), name);
    }
}
