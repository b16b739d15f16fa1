package org.xecomla.corpus.chat.jinja.value;

/**
 * What a name, key or attribute is that is not there: prints nothing, is false and empty, and anything else is an
 * error.
 *
 * @param reason said when it is an error
 * @param isError whether printing it is an error too
 */
public record Undefined(String reason, boolean isError) {
    public Undefined(String reason) {
        this(reason, false);
    }

    public static Undefined name(String name) {
        return new Undefined("\"" + name + "\" is undefined");
    }

    /** What it prints. */
    String text() {
        if (isError) {
            throw error();
        }
        return "";
    }

    public TemplateError error() {
        return new TemplateError(reason);
    }

    /** All of them are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Undefined;
    }

    @Override
    public int hashCode() {
        return Undefined.class.hashCode();
    }
}
