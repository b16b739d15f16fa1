package org.xecomla.corpus.chat.jinja.syntax;

import org.xecomla.corpus.chat.jinja.value.Position;

/**
 * A piece of a template.
 *
 * @param text of what stands outside of tags, a name's or operator's spelling, a string's content
 * @param value of a number or a string, else null
 */
record Token(Kind kind, String text, Object value, Position position) {
    /** Of which kind. */
    enum Kind {
        /** Outside of all tags. */
        DATA("text"),
        VARIABLE_BEGIN("{{"),
        VARIABLE_END("}}"),
        BLOCK_BEGIN("{%"),
        BLOCK_END("%}"),
        NAME("a name"),
        STRING("a string"),
        NUMBER("a number"),
        OPERATOR("an operator"),
        END("the end of the template");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    boolean isOperator(String spelling) {
        return kind == Kind.OPERATOR && text.equals(spelling);
    }

    boolean isName(String spelling) {
        return kind == Kind.NAME && text.equals(spelling);
    }

    /** For messages. */
    String describe() {
        return switch (kind) {
            case NAME, OPERATOR -> "\"" + text + "\"";
            default -> kind.toString();
        };
    }
}
