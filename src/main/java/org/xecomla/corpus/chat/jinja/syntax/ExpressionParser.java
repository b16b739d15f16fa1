package org.xecomla.corpus.chat.jinja.syntax;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Binary;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Comparison;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Concatenation;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Conditional;
import org.xecomla.corpus.chat.jinja.syntax.Expression.FilterCall;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Literal;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Mapping;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Name;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Sequence;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Unary;
import org.xecomla.corpus.chat.jinja.syntax.Token.Kind;
import org.xecomla.corpus.chat.jinja.value.Position;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/**
 * Expressions, by Jinja2's grammar. From loose to tight: {@code if else}, {@code or}, {@code and}, {@code not},
 * comparisons and {@code in}, {@code + -}, {@code ~}, {@code * / // %}, {@code **}, signs, then what follows a value:
 * attributes, subscripts, calls, filters and tests. Powers associate to the left, as they do there.
 */
final class ExpressionParser {
    /** Of the tree of one expression, and of what the parser is in the midst of. */
    static final int MAX_DEPTH = 100;

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final TokenStream tokens;
    private final PostfixParser postfix;
    private final IdentityHashMap<Expression, Integer> depths = new IdentityHashMap<>();
    private final Map<String, Integer> reads = new HashMap<>();
    private int nesting;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
        this.postfix = new PostfixParser(tokens, this);
    }

    /** Remembers how deep a node's tree is. */
    <T extends Expression> T built(T node) {
        int depth = 0;
        for (Expression child : node.children()) {
            depth = Math.max(depth, depths.getOrDefault(child, 0));
        }
        if (depth >= MAX_DEPTH) {
            throw new TemplateError("an expression nested more than " + MAX_DEPTH + " deep", node.position());
        }
        depths.put(node, depth + 1);
        return node;
    }

    /** How often the template read this name so far. */
    int numReads(String name) {
        return reads.getOrDefault(name, 0);
    }

    FilterCall filterCall() {
        return postfix.filterCall();
    }

    /** Parses something that may hold others of its kind. */
    <T> T nested(Supplier<T> parse) {
        if (++nesting > MAX_DEPTH) {
            throw tokens.wrong("nested more than " + MAX_DEPTH + " deep");
        }
        T parsed = parse.get();
        nesting--;
        return parsed;
    }

    Expression expression() {
        return nested(this::conditional);
    }

    /** Without a condition: what follows it may begin with {@code if}. */
    Expression unconditional() {
        return nested(this::or);
    }

    private Expression conditional() {
        Expression value = or();
        while (tokens.isAtName("if")) {
            Position position = tokens.take().position();
            Expression condition = or();
            Expression otherwise = tokens.takeName("else") ? expression() : null;
            value = built(new Conditional(position, condition, value, otherwise));
        }
        return value;
    }

    private Expression or() {
        return logical("or", this::and);
    }

    private Expression and() {
        return logical("and", this::not);
    }

    private Expression logical(String operator, Supplier<Expression> operand) {
        Expression left = operand.get();
        while (tokens.isAtName(operator)) {
            Position position = tokens.take().position();
            left = built(new Binary(position, operator, left, operand.get()));
        }
        return left;
    }

    private Expression not() {
        if (tokens.isAtName("not")) {
            Position position = tokens.take().position();
            return built(new Unary(position, "not", nested(this::not)));
        }
        return comparison();
    }

    private Expression comparison() {
        Expression first = sum();
        Position position = tokens.current().position();
        List<Expression> operands = new ArrayList<>(List.of(first));
        List<String> operators = new ArrayList<>();
        for (String operator = comparisonOperator(); operator != null; operator = comparisonOperator()) {
            operators.add(operator);
            operands.add(sum());
        }
        return operators.isEmpty() ? first : built(new Comparison(position, operands, operators));
    }

    /** Takes an operator; null where there is none. */
    private String comparisonOperator() {
        if (tokens.isAt(Kind.OPERATOR) && COMPARISONS.contains(tokens.current().text())) {
            return tokens.take().text();
        }
        if (tokens.takeName("in")) {
            return "in";
        }
        if (tokens.isAtName("not") && tokens.following().isName("in")) {
            tokens.take();
            tokens.take();
            return "not in";
        }
        return null;
    }

    private Expression sum() {
        return arithmetic(Set.of("+", "-"), this::concatenation);
    }

    private Expression concatenation() {
        Expression first = product();
        if (!tokens.isAtOperator("~")) {
            return first;
        }
        Position position = tokens.current().position();
        List<Expression> parts = new ArrayList<>(List.of(first));
        while (tokens.takeOperator("~")) {
            parts.add(product());
        }
        return built(new Concatenation(position, parts));
    }

    private Expression product() {
        return arithmetic(Set.of("*", "/", "//", "%"), this::power);
    }

    private Expression power() {
        return arithmetic(Set.of("**"), () -> unary(true));
    }

    private Expression arithmetic(Set<String> operators, Supplier<Expression> operand) {
        Expression left = operand.get();
        while (tokens.isAt(Kind.OPERATOR) && operators.contains(tokens.current().text())) {
            Token operator = tokens.take();
            left = built(new Binary(operator.position(), operator.text(), left, operand.get()));
        }
        return left;
    }

    /**
     * @param withFilters whether filters and tests that follow belong to it: those after a sign belong to the signed
     */
    private Expression unary(boolean withFilters) {
        Expression value;
        if (tokens.isAtOperator("-") || tokens.isAtOperator("+")) {
            Token sign = tokens.take();
            value = built(new Unary(sign.position(), sign.text(), nested(() -> unary(false))));
        } else {
            value = primary();
        }
        value = postfix.attributesAndCalls(value);
        return withFilters ? postfix.filtersAndTests(value) : value;
    }

    /** A name, a constant, or something in brackets. */
    Expression primary() {
        Token token = tokens.current();
        return switch (token.kind()) {
            case NAME -> name(tokens.take());
            case NUMBER -> built(new Literal(token.position(), tokens.take().value()));
            case STRING -> strings();
            case OPERATOR -> bracketed(token);
            default -> throw tokens.unexpected("a value");
        };
    }

    private Expression name(Token token) {
        return switch (token.text()) {
            case "true", "True" -> built(new Literal(token.position(), true));
            case "false", "False" -> built(new Literal(token.position(), false));
            case "none", "None" -> built(new Literal(token.position(), null));
            default -> {
                reads.merge(token.text(), 1, Integer::sum);
                yield built(new Name(token.position(), token.text()));
            }
        };
    }

    private Expression strings() {
        Position position = tokens.current().position();
        StringBuilder text = new StringBuilder();
        while (tokens.isAt(Kind.STRING)) {
            text.append(tokens.take().value());
        }
        return built(new Literal(position, text.toString()));
    }

    private Expression bracketed(Token token) {
        switch (token.text()) {
            case "(" -> {
                tokens.take();
                Expression inside = tuple(true, true);
                tokens.expectOperator(")");
                return inside;
            }
            case "[" -> {
                tokens.take();
                return built(new Sequence(token.position(), items(), false));
            }
            case "{" -> {
                tokens.take();
                return dictionary(token.position());
            }
            default -> throw tokens.unexpected("a value");
        }
    }

    private List<Expression> items() {
        List<Expression> items = new ArrayList<>();
        while (!tokens.isAtOperator("]")) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.isAtOperator("]")) {
                    break;
                }
            }
            items.add(expression());
        }
        tokens.expectOperator("]");
        return items;
    }

    private Expression dictionary(Position position) {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.isAtOperator("}")) {
            if (!keys.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.isAtOperator("}")) {
                    break;
                }
            }
            keys.add(expression());
            tokens.expectOperator(":");
            values.add(expression());
        }
        tokens.expectOperator("}");
        return built(new Mapping(position, keys, values));
    }

    /**
     * One expression, or several with commas between them, which are a tuple.
     *
     * @param mayBeEmpty as in ()
     */
    Expression tuple(boolean withConditions, boolean mayBeEmpty) {
        Position position = tokens.current().position();
        List<Expression> items = new ArrayList<>();
        boolean isTuple = false;
        while (!isAtTupleEnd()) {
            items.add(withConditions ? expression() : unconditional());
            if (!tokens.takeOperator(",")) {
                break;
            }
            isTuple = true;
        }
        if (items.isEmpty() && !mayBeEmpty) {
            throw tokens.unexpected("an expression");
        }
        return isTuple || items.isEmpty() ? built(new Sequence(position, items, true)) : items.get(0);
    }

    private boolean isAtTupleEnd() {
        return tokens.isAt(Kind.VARIABLE_END) || tokens.isAt(Kind.BLOCK_END) || tokens.isAtOperator(")");
    }
}
