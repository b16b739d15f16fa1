package org.xecomla.corpus.chat.jinja.library;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.corpus.chat.jinja.value.Case;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;

/**
 * What filters take as {@code attribute}: names with dots between, numbers among them, looked up as by {@code
 * value[name]}.
 */
record AttributePath(List<Object> parts) {
    /** @param attribute null for the value itself */
    static AttributePath of(Object attribute) {
        if (attribute == null) {
            return new AttributePath(List.of());
        }
        String names = Values.textOrNull(attribute);
        if (names == null) {
            return new AttributePath(List.of(attribute));
        }
        List<Object> parts = new ArrayList<>();
        for (String part : names.split("\\.", -1)) {
            boolean isNumber =
                    !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
            parts.add(isNumber ? (Object) Long.parseLong(part) : part);
        }
        return new AttributePath(parts);
    }

    /** Several with commas between. */
    static List<AttributePath> several(Object attributes) {
        String names = Values.textOrNull(attributes);
        if (names == null) {
            return List.of(of(attributes));
        }
        List<AttributePath> paths = new ArrayList<>();
        for (String path : names.split(",", -1)) {
            paths.add(of(path));
        }
        return paths;
    }

    /** @param missing in place of what is undefined on the way, null for leaving it so */
    Object of(Object value, Object missing) {
        Object found = value;
        for (Object part : parts) {
            found = Attributes.item(found, part);
            if (missing != null && found instanceof Undefined) {
                found = missing;
            }
        }
        return found;
    }

    /** The same, strings in lower case unless case matters. */
    Object key(Object value, boolean caseSensitive) {
        Object found = of(value, null);
        String text = Values.textOrNull(found);
        return text == null || caseSensitive ? found : Case.lower(text);
    }
}
