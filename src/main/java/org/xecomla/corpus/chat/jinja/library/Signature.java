package org.xecomla.corpus.chat.jinja.library;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/**
 * The parameters of a function.
 *
 * @param names in order
 * @param numRequired how many of them have no default
 * @param byName whether they may be given by name
 * @param open whether there may be any others besides
 */
public record Signature(List<String> names, int numRequired, boolean byName, boolean open) {
    /** Takes whatever it is given. */
    static final Signature OPEN = new Signature(List.of(), 0, true, true);

    /** @param names those that end in a question mark have defaults */
    static Signature of(String... names) {
        return parse(true, names);
    }

    /** Arguments by place only. */
    static Signature positional(String... names) {
        return parse(false, names);
    }

    private static Signature parse(boolean byName, String... names) {
        int numRequired = (int)
                List.of(names).stream().filter(name -> !name.endsWith("?")).count();
        List<String> plain =
                List.of(names).stream().map(name -> name.replace("?", "")).toList();
        return new Signature(plain, numRequired, byName, false);
    }

    /**
     * Whether a call may be right, as far as can be told before its values are known.
     *
     * @throws TemplateError where it cannot
     */
    public void check(int numPositional, Collection<String> keywords) {
        if (open) {
            return;
        }
        if (numPositional > names.size()) {
            throw new TemplateError("takes " + count(names.size()) + ", not " + numPositional);
        }
        for (String keyword : keywords) {
            int place = byName ? names.indexOf(keyword) : -1;
            if (place < 0) {
                throw new TemplateError("takes no argument called " + keyword);
            }
            if (place < numPositional) {
                throw new TemplateError("is given " + keyword + " twice");
            }
        }
        for (int i = numPositional; i < numRequired; i++) {
            if (!keywords.contains(names.get(i))) {
                throw new TemplateError("needs " + names.get(i));
            }
        }
    }

    private static String count(int number) {
        return number == 0 ? "no arguments" : number == 1 ? "one argument" : number + " arguments";
    }

    /** @throws TemplateError where the arguments do not fit */
    public Arguments bind(List<Object> positional, Map<String, Object> keywords) {
        check(positional.size(), keywords.keySet());
        Map<String, Object> values = new HashMap<>(keywords);
        for (int i = 0; i < Math.min(names.size(), positional.size()); i++) {
            values.put(names.get(i), positional.get(i));
        }
        return new Arguments(positional, keywords, values);
    }
}
