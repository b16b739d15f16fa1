package org.xecomla.corpus.chat.jinja.value;

/** A place in a template. Both numbers begin at 1; columns are Java's chars. */
public record Position(int line, int column) {
    @Override
    public String toString() {
        return "line " + line + ", column " + column;
    }
}
