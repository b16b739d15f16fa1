package org.xecomla.corpus.chat.jinja.syntax;

import java.util.List;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Call;
import org.xecomla.corpus.chat.jinja.syntax.Expression.FilterCall;
import org.xecomla.corpus.chat.jinja.value.Position;

/** A node of the tree that writes, assigns or steers. Parts that may be missing are null. */
public sealed interface Statement {
    Position position();

    <A, R> R accept(Visitor<A, R> visitor, A argument);

    /** One case for each node. */
    interface Visitor<A, R> {
        R text(Text node, A argument);

        R print(Print node, A argument);

        R choice(Choice node, A argument);

        R loop(ForLoop node, A argument);

        R set(Set node, A argument);

        R setBlock(SetBlock node, A argument);

        R macro(MacroDefinition node, A argument);

        R callBlock(CallBlock node, A argument);

        R generation(Generation node, A argument);

        R filterBlock(FilterBlock node, A argument);

        R with(With node, A argument);

        R jump(Jump node, A argument);
    }

    record Text(Position position, String text) implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.text(this, argument);
        }
    }

    record Print(Position position, Expression value) implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.print(this, argument);
        }
    }

    /** if, elif, else: a body for each condition, and the last for none of them. */
    record Choice(
            Position position, List<Expression> conditions, List<List<Statement>> bodies, List<Statement> otherwise)
            implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.choice(this, argument);
        }
    }

    /** @param filter null for none */
    record ForLoop(
            Position position,
            Target target,
            Expression iterable,
            Expression filter,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.loop(this, argument);
        }
    }

    record Set(Position position, Target target, Expression value) implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.set(this, argument);
        }
    }

    record SetBlock(Position position, Target target, List<FilterCall> filters, List<Statement> body)
            implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.setBlock(this, argument);
        }
    }

    record MacroDefinition(Position position, MacroBody macro) implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.macro(this, argument);
        }
    }

    /** A call whose macro may write the body by {@code caller()}. */
    record CallBlock(Position position, Call call, MacroBody body) implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.callBlock(this, argument);
        }
    }

    /** What the assistant says. Jinja2 makes it a macro and calls it, which settles what names mean in it. */
    record Generation(Position position, MacroBody body) implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.generation(this, argument);
        }
    }

    record FilterBlock(Position position, List<FilterCall> filters, List<Statement> body) implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.filterBlock(this, argument);
        }
    }

    record With(Position position, List<Target> targets, List<Expression> values, List<Statement> body)
            implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.with(this, argument);
        }
    }

    /** {@code break} or {@code continue}. */
    record Jump(Position position, boolean ends) implements Statement {
        @Override
        public <A, R> R accept(Visitor<A, R> visitor, A argument) {
            return visitor.jump(this, argument);
        }
    }

    /**
     * What a macro is but for where it was defined.
     *
     * @param defaults of the last parameters
     * @param takesCaller whether its body speaks of {@code caller}; so too of {@code kwargs} and {@code varargs}
     */
    record MacroBody(
            String name,
            List<String> parameters,
            List<Expression> defaults,
            List<Statement> body,
            boolean takesCaller,
            boolean takesKeywords,
            boolean takesPositional) {
        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** What is assigned to. */
    sealed interface Target {}

    record NameTarget(Position position, String name) implements Target {}

    /** An attribute of a namespace. */
    record AttributeTarget(Position position, String object, String attribute) implements Target {}

    record TupleTarget(Position position, List<Target> targets) implements Target {}
}
