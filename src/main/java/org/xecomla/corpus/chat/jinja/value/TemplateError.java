package org.xecomla.corpus.chat.jinja.value;

/**
 * What stops a template, before it has the template's name and, where the interpreter knows better than who threw it,
 * its place. Has no stack trace: a template may provoke as many as it likes.
 */
public final class TemplateError extends RuntimeException {
    private final Position position;
    private final boolean refusal;

    private TemplateError(String message, Position position, boolean refusal) {
        super(message, null, false, false);
        this.position = position;
        this.refusal = refusal;
    }

    public TemplateError(String message) {
        this(message, null, false);
    }

    public TemplateError(String message, Position position) {
        this(message, position, false);
    }

    /** What {@code raise_exception} throws: the template's own words about the conversation. */
    public static TemplateError refusal(String message) {
        return new TemplateError(message, null, true);
    }

    /** The same, placed, unless it has a place. */
    public TemplateError at(Position place) {
        return position == null ? new TemplateError(getMessage(), place, refusal) : this;
    }

    /** Null where unknown. */
    public Position position() {
        return position;
    }

    public boolean isRefusal() {
        return refusal;
    }
}
