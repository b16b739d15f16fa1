package org.xecomla.corpus.chat.jinja.syntax;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.xecomla.corpus.chat.jinja.value.Position;
import org.xecomla.corpus.chat.jinja.value.Values;

/** A node of the tree that has a value. Parts that may be missing are null. */
public sealed interface Expression {
    /** Where it is, for messages: an operator's own place, else the beginning. */
    Position position();

    /** In the order in which they stand. */
    List<Expression> children();

    <A, R> R accept(Visitor<A, R> visitor, A argument);

    /** One case for each node. */
    interface Visitor<A, R> {
        R literal(Literal node, A argument);

        R name(Name node, A argument);

        R sequence(Sequence node, A argument);

        R mapping(Mapping node, A argument);

        R unary(Unary node, A argument);

        R binary(Binary node, A argument);

        R comparison(Comparison node, A argument);

        R concatenation(Concatenation node, A argument);

        R conditional(Conditional node, A argument);

        R attribute(Attribute node, A argument);

        R subscript(Subscript node, A argument);

        R slice(Slice node, A argument);

        R call(Call node, A argument);

        R filter(Filter node, A argument);

        R test(Test node, A argument);
    }

    /** A constant: one of {@link Values}. */
    record Literal(Position position, Object value) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of();
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.literal(this, argument);
        }
    }

    record Name(Position position, String name) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of();
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.name(this, argument);
        }
    }

    /** A list or a tuple. */
    record Sequence(Position position, List<Expression> items, boolean isTuple) implements Expression {
        @Override
        public List<Expression> children() {
            return items;
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.sequence(this, argument);
        }
    }

    /** A dictionary: as many values as keys. */
    record Mapping(Position position, List<Expression> keys, List<Expression> values) implements Expression {
        @Override
        public List<Expression> children() {
            List<Expression> children = new ArrayList<>(keys);
            children.addAll(values);
            return children;
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.mapping(this, argument);
        }
    }

    /** {@code not}, {@code -} or {@code +}. */
    record Unary(Position position, String operator, Expression operand) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(operand);
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.unary(this, argument);
        }
    }

    /** Arithmetic, {@code and} or {@code or}. */
    record Binary(Position position, String operator, Expression left, Expression right) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(left, right);
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.binary(this, argument);
        }
    }

    /** A chain: as many operators as operands after the first. */
    record Comparison(Position position, List<Expression> operands, List<String> operators) implements Expression {
        @Override
        public List<Expression> children() {
            return operands;
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.comparison(this, argument);
        }
    }

    /** Joined by {@code ~}. */
    record Concatenation(Position position, List<Expression> parts) implements Expression {
        @Override
        public List<Expression> children() {
            return parts;
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.concatenation(this, argument);
        }
    }

    /** {@code value if condition else otherwise}; otherwise may be null. */
    record Conditional(Position position, Expression condition, Expression value, Expression otherwise)
            implements Expression {
        @Override
        public List<Expression> children() {
            return present(condition, value, otherwise);
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.conditional(this, argument);
        }
    }

    record Attribute(Position position, Expression object, String name) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(object);
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.attribute(this, argument);
        }
    }

    record Subscript(Position position, Expression object, Expression key) implements Expression {
        @Override
        public List<Expression> children() {
            return List.of(object, key);
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.subscript(this, argument);
        }
    }

    /** Start, stop and step may be null. */
    record Slice(Position position, Expression object, Expression start, Expression stop, Expression step)
            implements Expression {
        @Override
        public List<Expression> children() {
            return present(object, start, stop, step);
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.slice(this, argument);
        }
    }

    record Call(Position position, Expression callee, ArgumentList arguments) implements Expression {
        @Override
        public List<Expression> children() {
            return arguments.after(callee);
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.call(this, argument);
        }
    }

    record Filter(Position position, Expression value, FilterCall call) implements Expression {
        @Override
        public List<Expression> children() {
            return call.arguments().after(value);
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.filter(this, argument);
        }
    }

    record Test(Position position, Expression value, String name, ArgumentList arguments) implements Expression {
        @Override
        public List<Expression> children() {
            return arguments.after(value);
        }

        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.test(this, argument);
        }
    }

    /** A filter without what it is applied to, as the tags {@code filter} and {@code set} have it too. */
    record FilterCall(Position position, String name, ArgumentList arguments) {}

    /** @param values of the keywords, in their order */
    record ArgumentList(List<Expression> positional, List<String> keywords, List<Expression> values) {
        static final ArgumentList NONE = new ArgumentList(List.of(), List.of(), List.of());

        List<Expression> after(Expression first) {
            List<Expression> all = new ArrayList<>();
            all.add(first);
            all.addAll(positional);
            all.addAll(values);
            return all;
        }
    }

    private static List<Expression> present(Expression... children) {
        return Arrays.stream(children).filter(Objects::nonNull).toList();
    }
}
