package org.xecomla.corpus.chat.jinja.syntax;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The names of one block of a template, settled before it runs, as Jinja2's compiler settles them: what is first read
 * there and then set begins with the value of the template's variable, what is first set begins with none. A block is
 * the template, a loop's body, its filter and its else, a macro, and what stands in {@code call}, {@code filter},
 * {@code generation}, {@code set} and {@code with}; an {@code if} is none.
 */
public final class Scope {
    /** What a name holds when its block begins. */
    public enum Start {
        /** Whatever begins the block gives it: a loop's target, a macro's parameter. */
        GIVEN,
        /** The value of a variable of the template, or of a global. */
        VARIABLE,
        /** What the name holds in the block around. */
        OUTER,
        /** Nothing. */
        UNSET
    }

    private final Scope outer;
    /** Of a branch, the scope that it is merged into; else itself. */
    private final Scope whole;

    private final Map<String, Start> starts = new LinkedHashMap<>();
    private final Set<String> stored = new HashSet<>();

    /** @param outer null for the template itself */
    Scope(Scope outer) {
        this.outer = outer;
        this.whole = this;
    }

    private Scope(Scope outer, Scope whole) {
        this.outer = outer;
        this.whole = whole;
    }

    /** Whether the name is this block's own. */
    public boolean has(String name) {
        return starts.containsKey(name);
    }

    private boolean isKnown(String name) {
        return has(name) || isKnownOutside(name);
    }

    private boolean isKnownOutside(String name) {
        return outer != null && outer.isKnown(name);
    }

    public Map<String, Start> starts() {
        return starts;
    }

    void read(String name) {
        if (!isKnown(name)) {
            starts.put(name, Start.VARIABLE);
        }
    }

    void store(String name) {
        stored.add(name);
        starts.putIfAbsent(name, isKnownOutside(name) ? Start.OUTER : Start.UNSET);
    }

    void give(String name) {
        stored.add(name);
        starts.put(name, Start.GIVEN);
    }

    /** What happens in one of several branches is noted on a copy, and then merged. */
    Scope branch() {
        Scope branch = new Scope(outer, whole);
        branch.starts.putAll(starts);
        branch.stored.addAll(stored);
        return branch;
    }

    Scope whole() {
        return whole;
    }

    /** A name that only some branches set begins with what it would be without them. */
    void merge(List<Scope> branches) {
        Set<String> fresh = new HashSet<>();
        branches.forEach(branch -> fresh.addAll(branch.stored));
        fresh.removeAll(stored);
        for (Scope branch : branches) {
            starts.putAll(branch.starts);
            stored.addAll(branch.stored);
        }
        fresh.forEach(name -> starts.put(name, isKnownOutside(name) ? Start.OUTER : Start.VARIABLE));
    }

    /** Whether a name read here is a variable of the template or a global, whatever happens. */
    boolean isVariable(String name) {
        if (has(name)) {
            return starts.get(name) == Start.VARIABLE && !stored.contains(name);
        }
        return outer != null && outer.isVariable(name);
    }
}
