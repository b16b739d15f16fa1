package org.xecomla.corpus.chat.jinja.value;

import java.util.Locale;

/** What is left to one rendering of its {@link Limits}. Whoever makes or visits something says so here first. */
public final class Budget {
    /** Of lists in lists: for whatever looks through values, JSON and printing among them. */
    static final int MAX_VALUE_DEPTH = 200;

    private final Limits limits;
    private long numSteps;
    private long numCharacters;
    private int depth;

    public Budget(Limits limits) {
        this.limits = limits;
    }

    public void steps(long number) {
        numSteps += number;
        if (numSteps > limits.steps() || number < 0) {
            throw new TemplateError("more than " + grouped(limits.steps()) + " steps");
        }
    }

    public void characters(long number) {
        numCharacters += number;
        if (numCharacters > limits.characters() || number < 0) {
            throw new TemplateError("more than " + grouped(limits.characters()) + " characters in all that it makes");
        }
    }

    /** @param length of the whole output with what is about to be written */
    public void output(long length) {
        if (length > limits.output()) {
            throw new TemplateError("writes more than " + grouped(limits.output()) + " characters");
        }
    }

    public void enter() {
        if (++depth > limits.depth()) {
            throw new TemplateError("nested more than " + limits.depth() + " deep when it runs");
        }
    }

    public void leave() {
        depth--;
    }

    /** @param level 0 for a value itself, 1 for its elements */
    public static void valueDepth(int level) {
        if (level > MAX_VALUE_DEPTH) {
            throw new TemplateError("a value is nested more than " + MAX_VALUE_DEPTH + " deep");
        }
    }

    private static String grouped(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
