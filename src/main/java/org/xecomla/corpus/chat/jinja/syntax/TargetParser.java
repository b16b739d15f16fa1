package org.xecomla.corpus.chat.jinja.syntax;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.corpus.chat.jinja.syntax.Statement.AttributeTarget;
import org.xecomla.corpus.chat.jinja.syntax.Statement.NameTarget;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Target;
import org.xecomla.corpus.chat.jinja.syntax.Statement.TupleTarget;
import org.xecomla.corpus.chat.jinja.syntax.Token.Kind;
import org.xecomla.corpus.chat.jinja.value.Position;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/** What stands left of {@code =} and of {@code in}. */
final class TargetParser {
    private static final List<String> CONSTANTS = List.of("true", "True", "false", "False", "none", "None");

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    /** Within a loop, {@code loop} is not to be assigned. */
    private int numLoops;

    TargetParser(TokenStream tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    void enterLoop() {
        numLoops++;
    }

    void leaveLoop() {
        numLoops--;
    }

    /** @param withAttributes whether attributes of a namespace may be assigned */
    Target target(boolean withAttributes) {
        Position position = tokens.current().position();
        List<Target> targets = new ArrayList<>();
        boolean isTuple = false;
        do {
            if (!targets.isEmpty() && isAtEnd()) {
                break;
            }
            targets.add(one(withAttributes));
            isTuple |= tokens.isAtOperator(",");
        } while (tokens.takeOperator(","));
        return isTuple ? new TupleTarget(position, targets) : targets.get(0);
    }

    /** A comma may come last here, though not before {@code =} or {@code in}. */
    private boolean isAtEnd() {
        return tokens.isAtOperator(")") || tokens.isAt(Kind.BLOCK_END);
    }

    private Target one(boolean withAttributes) {
        if (tokens.takeOperator("(")) {
            Target inside = expressions.nested(() -> target(false));
            tokens.expectOperator(")");
            return inside;
        }
        Position position = tokens.current().position();
        if (withAttributes && tokens.following().isOperator(".")) {
            String object = tokens.expect(Kind.NAME).text();
            tokens.take();
            return new AttributeTarget(
                    position, object, tokens.expect(Kind.NAME).text());
        }
        return new NameTarget(position, name(numLoops > 0));
    }

    /** A name that may be assigned. */
    String name(boolean inLoop) {
        Token name = tokens.expect(Kind.NAME);
        if (CONSTANTS.contains(name.text())) {
            throw new TemplateError(name.text() + " cannot be assigned", name.position());
        }
        if (inLoop && name.text().equals("loop")) {
            throw new TemplateError("loop cannot be assigned in a loop", name.position());
        }
        return name.text();
    }
}
