package org.xecomla.corpus.chat.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.corpus.chat.jinja.syntax.Statement.MacroBody;
import org.xecomla.corpus.chat.jinja.value.Dict;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Tuple;
import org.xecomla.corpus.chat.jinja.value.Undefined;

/** What a macro is called with. */
record MacroArguments(MacroBody macro, List<Object> positional, Map<String, Object> keywords) {
    /**
     * Gives a frame what it says; parameters without an argument stay unset.
     *
     * @throws TemplateError where the macro does not take such arguments
     */
    void bind(Frame frame) {
        List<String> parameters = macro.parameters();
        int numPlaced = Math.min(parameters.size(), positional.size());
        for (int i = 0; i < numPlaced; i++) {
            frame.set(parameters.get(i), positional.get(i));
        }
        Map<String, Object> rest = new LinkedHashMap<>(keywords);
        for (String name : parameters.subList(numPlaced, parameters.size())) {
            if (rest.containsKey(name)) {
                frame.set(name, rest.remove(name));
            }
        }
        bindOthers(frame, rest, positional.subList(numPlaced, positional.size()));
    }

    private void bindOthers(Frame frame, Map<String, Object> named, List<Object> placed) {
        if (macro.takesCaller()) {
            Object caller = named.remove("caller");
            frame.set("caller", caller == null ? new Undefined("there is no caller") : caller);
        }
        if (macro.takesKeywords()) {
            Dict others = new Dict();
            for (Map.Entry<String, Object> one : named.entrySet()) {
                others.put(one.getKey(), one.getValue());
            }
            frame.set("kwargs", others);
        } else if (!named.isEmpty()) {
            throw new TemplateError("the macro takes no argument called "
                    + named.keySet().iterator().next());
        }
        if (macro.takesPositional()) {
            frame.set("varargs", new Tuple(placed));
        } else if (!placed.isEmpty()) {
            throw new TemplateError(
                    "the macro takes at most " + macro.parameters().size() + " arguments");
        }
    }
}
