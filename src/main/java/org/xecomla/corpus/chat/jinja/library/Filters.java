package org.xecomla.corpus.chat.jinja.library;

import java.util.HashMap;
import java.util.Map;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;

/** The filters of Jinja2 that chat templates use, and {@code tojson} as transformers defines it. */
public final class Filters {
    private static final Map<String, Method> ALL = all();

    private Filters() {}

    private static Map<String, Method> all() {
        Map<String, Method> all = new HashMap<>();
        TextFilters.addTo(all);
        NumberFilters.addTo(all);
        SequenceFilters.addTo(all);
        SelectionFilters.addTo(all);
        Method byDefault = new Method(Signature.of("default_value?", "boolean?"), Filters::orDefault);
        all.put("default", byDefault);
        all.put("d", byDefault);
        all.put("tojson", new Method(Json.SIGNATURE, Json::filter));
        all.put("attr", new Method(Signature.of("name"), Filters::attribute));
        return Map.copyOf(all);
    }

    /** Null where there is none. */
    public static Method find(String name) {
        return ALL.get(name);
    }

    private static Object orDefault(Object value, Arguments arguments, Operations operations) {
        boolean replaces = value instanceof Undefined || (arguments.truth("boolean", false) && !Values.truth(value));
        return replaces ? arguments.get("default_value", "") : value;
    }

    private static Object attribute(Object value, Arguments arguments, Operations operations) {
        return Attributes.attributeOnly(value, arguments.text("name"));
    }
}
