package org.xecomla.corpus.chat.jinja.syntax;

import java.util.List;
import org.xecomla.corpus.chat.jinja.syntax.Token.Kind;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/** The tokens of a template, one after the other, for the parsers. */
final class TokenStream {
    private final List<Token> tokens;
    private int next;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(next);
    }

    /** The one after the current. */
    Token following() {
        return tokens.get(Math.min(next + 1, tokens.size() - 1));
    }

    /** The current one, and goes on; the end stays. */
    Token take() {
        Token token = current();
        next = Math.min(next + 1, tokens.size() - 1);
        return token;
    }

    boolean isAt(Kind kind) {
        return current().kind() == kind;
    }

    boolean isAtOperator(String spelling) {
        return current().isOperator(spelling);
    }

    boolean isAtName(String spelling) {
        return current().isName(spelling);
    }

    boolean takeOperator(String spelling) {
        boolean found = isAtOperator(spelling);
        if (found) {
            take();
        }
        return found;
    }

    boolean takeName(String spelling) {
        boolean found = isAtName(spelling);
        if (found) {
            take();
        }
        return found;
    }

    Token expect(Kind kind) {
        if (!isAt(kind)) {
            throw unexpected(kind.toString());
        }
        return take();
    }

    void expectOperator(String spelling) {
        if (!takeOperator(spelling)) {
            throw unexpected("\"" + spelling + "\"");
        }
    }

    void expectName(String spelling) {
        if (!takeName(spelling)) {
            throw unexpected("\"" + spelling + "\"");
        }
    }

    /** @param expected in words */
    TemplateError unexpected(String expected) {
        return wrong("found " + current().describe() + " where " + expected + " should be");
    }

    /** Of the current token. */
    TemplateError wrong(String what) {
        return new TemplateError(what, current().position());
    }
}
