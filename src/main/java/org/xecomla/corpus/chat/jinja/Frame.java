package org.xecomla.corpus.chat.jinja;

import java.util.HashMap;
import java.util.Map;
import org.xecomla.corpus.chat.jinja.syntax.Scope;
import org.xecomla.corpus.chat.jinja.syntax.Scope.Start;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Undefined;

/** A block that runs: its {@link Scope} with values. A name without a value is undefined. */
final class Frame {
    private final Frame outer;
    private final Scope scope;
    private final Map<String, Object> variables;
    private final Map<String, Object> values = new HashMap<>();

    /** @param variables of the template and globals */
    Frame(Scope scope, Map<String, Object> variables) {
        this(null, scope, variables);
    }

    private Frame(Frame outer, Scope scope, Map<String, Object> variables) {
        this.outer = outer;
        this.scope = scope;
        this.variables = variables;
        begin();
    }

    Frame inner(Scope block) {
        return new Frame(this, block, variables);
    }

    /** Forgets what was set, as a loop does with each turn. */
    void begin() {
        values.clear();
        for (Map.Entry<String, Start> start : scope.starts().entrySet()) {
            String name = start.getKey();
            Map<String, Object> source =
                    switch (start.getValue()) {
                        case VARIABLE -> variables;
                        case OUTER -> outer.owner(name).values;
                        case GIVEN, UNSET -> Map.of();
                    };
            if (source.containsKey(name)) {
                values.put(name, source.get(name));
            }
        }
    }

    /** Forgets everything, as after a loop. */
    void end() {
        values.clear();
    }

    private Frame owner(String name) {
        Frame frame = this;
        while (!frame.scope.has(name)) {
            frame = frame.outer;
            if (frame == null) {
                throw new TemplateError("the name " + name + " cannot be used here");
            }
        }
        return frame;
    }

    Object get(String name) {
        Frame owner = owner(name);
        Object value = owner.values.get(name);
        return value != null || owner.values.containsKey(name) ? value : Undefined.name(name);
    }

    boolean isSet(String name) {
        return values.containsKey(name);
    }

    void set(String name, Object value) {
        values.put(name, value);
    }
}
