package org.xecomla.corpus.chat.jinja.syntax;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.corpus.chat.jinja.library.Filters;
import org.xecomla.corpus.chat.jinja.library.Method;
import org.xecomla.corpus.chat.jinja.library.Methods;
import org.xecomla.corpus.chat.jinja.library.Signature;
import org.xecomla.corpus.chat.jinja.library.Tests;
import org.xecomla.corpus.chat.jinja.syntax.Expression.ArgumentList;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Attribute;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Call;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Filter;
import org.xecomla.corpus.chat.jinja.syntax.Expression.FilterCall;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Literal;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Slice;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Subscript;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Test;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Unary;
import org.xecomla.corpus.chat.jinja.syntax.Token.Kind;
import org.xecomla.corpus.chat.jinja.value.Position;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/**
 * What follows a value: attributes, subscripts, calls, filters, tests. Unknown ones are errors here, before anything
 * runs.
 */
final class PostfixParser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;

    PostfixParser(TokenStream tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    Expression attributesAndCalls(Expression value) {
        Expression node = value;
        while (true) {
            if (tokens.isAtOperator(".")) {
                node = attribute(node);
            } else if (tokens.isAtOperator("[")) {
                node = subscript(node);
            } else if (tokens.isAtOperator("(")) {
                node = call(node);
            } else {
                return node;
            }
        }
    }

    Expression filtersAndTests(Expression value) {
        Expression node = value;
        while (true) {
            if (tokens.isAtOperator("|")) {
                tokens.take();
                FilterCall call = filterCall();
                node = expressions.built(new Filter(call.position(), node, call));
            } else if (tokens.isAtName("is")) {
                node = test(node);
            } else if (tokens.isAtOperator("(")) {
                node = call(node);
            } else {
                return node;
            }
        }
    }

    private Expression attribute(Expression object) {
        Position position = tokens.take().position();
        if (tokens.isAt(Kind.NUMBER) && !(tokens.current().value() instanceof Double)) {
            Token index = tokens.take();
            Literal key = expressions.built(new Literal(index.position(), index.value()));
            return expressions.built(new Subscript(position, object, key));
        }
        Token name = tokens.expect(Kind.NAME);
        if (name.text().startsWith("__")) {
            throw new TemplateError("the attribute " + name.text() + " is out of bounds", name.position());
        }
        return expressions.built(new Attribute(name.position(), object, name.text()));
    }

    private Expression subscript(Expression object) {
        Position position = tokens.take().position();
        Expression start = tokens.isAtOperator(":") ? null : expressions.expression();
        Expression node;
        if (tokens.takeOperator(":")) {
            Expression stop = sliceEnds() ? null : expressions.expression();
            Expression step = tokens.takeOperator(":") && !sliceEnds() ? expressions.expression() : null;
            node = new Slice(position, object, start, stop, step);
        } else {
            node = new Subscript(position, object, start);
        }
        if (tokens.isAtOperator(",")) {
            throw tokens.wrong("several subscripts at once are not supported");
        }
        tokens.expectOperator("]");
        return expressions.built(node);
    }

    private boolean sliceEnds() {
        return tokens.isAtOperator("]") || tokens.isAtOperator(":") || tokens.isAtOperator(",");
    }

    private Call call(Expression callee) {
        Position position = tokens.current().position();
        if (callee instanceof Attribute attribute && !Methods.isKnown(attribute.name())) {
            throw new TemplateError("there is no method " + attribute.name(), attribute.position());
        }
        return expressions.built(new Call(position, callee, arguments()));
    }

    private ArgumentList arguments() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        List<String> keywords = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.isAtOperator(")")) {
            if (tokens.isAtOperator("*") || tokens.isAtOperator("**")) {
                throw tokens.wrong("arguments by * and ** are not supported");
            }
            if (tokens.isAt(Kind.NAME) && tokens.following().isOperator("=")) {
                Token keyword = tokens.take();
                if (keywords.contains(keyword.text())) {
                    throw new TemplateError("the argument " + keyword.text() + " given twice", keyword.position());
                }
                tokens.take();
                keywords.add(keyword.text());
                values.add(expressions.expression());
            } else if (keywords.isEmpty()) {
                positional.add(expressions.expression());
            } else {
                throw tokens.unexpected("an argument with its name");
            }
            if (!tokens.isAtOperator(")")) {
                tokens.expectOperator(",");
            }
        }
        tokens.expectOperator(")");
        return new ArgumentList(positional, keywords, values);
    }

    /** From a filter's name on. */
    FilterCall filterCall() {
        Token name = tokens.expect(Kind.NAME);
        ArgumentList arguments = tokens.isAtOperator("(") ? arguments() : ArgumentList.NONE;
        Method filter = Filters.find(name.text());
        if (filter == null) {
            throw new TemplateError("there is no filter " + name.text(), name.position());
        }
        check("the filter " + name.text(), filter.signature(), arguments, name.position());
        checkNamed(name.text(), arguments.positional());
        return new FilterCall(name.position(), name.text(), arguments);
    }

    /** The filter or test that some filters take by its name, where the name is in the template. */
    private static void checkNamed(String filter, List<Expression> arguments) {
        int place =
                switch (filter) {
                    case "map", "select", "reject" -> 0;
                    case "selectattr", "rejectattr" -> 1;
                    default -> arguments.size();
                };
        if (place < arguments.size()
                && arguments.get(place) instanceof Literal literal
                && literal.value() instanceof String name
                && (filter.equals("map") ? Filters.find(name) : Tests.find(name)) == null) {
            String kind = filter.equals("map") ? "filter " : "test ";
            throw new TemplateError("there is no " + kind + name, literal.position());
        }
    }

    private static void check(String what, Signature signature, ArgumentList arguments, Position position) {
        try {
            signature.check(arguments.positional().size(), arguments.keywords());
        } catch (TemplateError e) {
            throw new TemplateError(what + " " + e.getMessage(), position);
        }
    }

    private Expression test(Expression value) {
        Position position = tokens.take().position();
        boolean negated = tokens.takeName("not");
        Token name = tokens.expect(Kind.NAME);
        ArgumentList arguments = tokens.isAtOperator("(") ? arguments() : bareArgument();
        Method test = Tests.find(name.text());
        if (test == null) {
            throw new TemplateError("there is no test " + name.text(), name.position());
        }
        check("the test " + name.text(), test.signature(), arguments, name.position());
        Test node = expressions.built(new Test(name.position(), value, name.text(), arguments));
        return negated ? expressions.built(new Unary(position, "not", node)) : node;
    }

    /** A test's one argument may stand without parentheses. */
    private ArgumentList bareArgument() {
        boolean starts = tokens.isAt(Kind.STRING)
                || tokens.isAt(Kind.NUMBER)
                || tokens.isAtOperator("[")
                || tokens.isAtOperator("{")
                || (tokens.isAt(Kind.NAME)
                        && !List.of("else", "or", "and")
                                .contains(tokens.current().text()));
        if (!starts) {
            return ArgumentList.NONE;
        }
        if (tokens.isAtName("is")) {
            throw tokens.wrong("two tests in a row need parentheses");
        }
        Expression argument = attributesAndCalls(expressions.primary());
        return new ArgumentList(List.of(argument), List.of(), List.of());
    }
}
