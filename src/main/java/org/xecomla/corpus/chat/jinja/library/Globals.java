package org.xecomla.corpus.chat.jinja.library;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.Dict;
import org.xecomla.corpus.chat.jinja.value.Namespace;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.Range;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Texts;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;

/** What every template may call. */
public final class Globals {
    /** Jinja2 has them, we do not: {@code self} is for blocks, the others change what they are. */
    public static final Set<String> UNSUPPORTED = Set.of("cycler", "joiner", "lipsum", "self");

    private static final String DATE = "strftime_now";

    private static final Map<String, Object> ALL = all();

    private Globals() {}

    private static Map<String, Object> all() {
        Map<String, Object> all = new HashMap<>();
        add(all, "range", Signature.positional("start", "stop?", "step?"), Globals::range);
        add(all, "dict", Signature.OPEN, (arguments, operations) -> dict(arguments, operations.budget()));
        add(
                all,
                "namespace",
                Signature.OPEN,
                (arguments, operations) -> new Namespace(dict(arguments, operations.budget())));
        add(all, "raise_exception", Signature.of("message"), (arguments, operations) -> {
            throw TemplateError.refusal(Texts.of(arguments.get("message"), operations.budget()));
        });
        all.put(
                DATE,
                new Undefined("it asks for today's date (" + DATE + "), with which the same conversation would be"
                        + " other tokens tomorrow: write a date into the template"));
        return all;
    }

    private static void add(Map<String, Object> all, String name, Signature signature, GlobalFunction.Body body) {
        all.put(name, new GlobalFunction(name, signature, body));
    }

    /** A template's variables over the globals; a new map. */
    public static Map<String, Object> with(Map<String, Object> variables) {
        Map<String, Object> with = new HashMap<>(ALL);
        with.putAll(variables);
        return with;
    }

    /** Whether a variable that the template does not set may be something to call, if only after {@code is defined}. */
    public static boolean mayBeCalled(String name) {
        return ALL.containsKey(name);
    }

    private static Object range(Arguments arguments, Operations operations) {
        List<Object> bounds = arguments.positional();
        long first = integer(bounds.get(0));
        long step = bounds.size() > 2 ? integer(bounds.get(2)) : 1;
        return bounds.size() == 1 ? Range.limited(0, first, 1) : Range.limited(first, integer(bounds.get(1)), step);
    }

    private static long integer(Object value) {
        if (!Numbers.isInteger(value) || Numbers.big(value).bitLength() >= Long.SIZE) {
            throw new TemplateError("range() from or to " + Values.typeName(value));
        }
        return Numbers.big(value).longValue();
    }

    private static Dict dict(Arguments arguments, Budget budget) {
        List<Object> positional = arguments.positional();
        if (positional.size() > 1) {
            throw new TemplateError("a dictionary of more than one argument");
        }
        Dict dict = new Dict();
        if (!positional.isEmpty() && positional.get(0) instanceof Dict given) {
            budget.steps(given.size());
            dict = given.copy();
        } else if (!positional.isEmpty()) {
            for (Iterator<Object> each = Values.iterate(positional.get(0)); each.hasNext(); ) {
                List<Object> pair = Values.list(each.next(), budget);
                if (pair.size() != 2) {
                    throw new TemplateError("a dictionary of " + pair.size() + " things where pairs are needed");
                }
                dict.put(pair.get(0), pair.get(1));
            }
        }
        for (Map.Entry<String, Object> keyword : arguments.keywords().entrySet()) {
            dict.put(keyword.getKey(), keyword.getValue());
        }
        return dict;
    }
}
