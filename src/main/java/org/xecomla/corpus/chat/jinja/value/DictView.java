package org.xecomla.corpus.chat.jinja.value;

import java.util.ArrayList;
import java.util.List;

/** What {@code keys()}, {@code values()} and {@code items()} of a dictionary give: a length and an order, no index. */
public record DictView(Dict dict, Kind kind) {
    public enum Kind {
        KEYS,
        VALUES,
        ITEMS
    }

    public List<Object> items() {
        List<Object> items = new ArrayList<>(dict.size());
        for (Dict.Entry entry : dict.entries()) {
            items.add(
                    switch (kind) {
                        case KEYS -> entry.key();
                        case VALUES -> entry.value();
                        case ITEMS -> Tuple.of(entry.key(), entry.value());
                    });
        }
        return items;
    }
}
