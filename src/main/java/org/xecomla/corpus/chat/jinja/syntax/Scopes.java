package org.xecomla.corpus.chat.jinja.syntax;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.xecomla.corpus.chat.jinja.library.Globals;
import org.xecomla.corpus.chat.jinja.syntax.Expression.FilterCall;
import org.xecomla.corpus.chat.jinja.syntax.Statement.AttributeTarget;
import org.xecomla.corpus.chat.jinja.syntax.Statement.CallBlock;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Choice;
import org.xecomla.corpus.chat.jinja.syntax.Statement.FilterBlock;
import org.xecomla.corpus.chat.jinja.syntax.Statement.ForLoop;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Generation;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Jump;
import org.xecomla.corpus.chat.jinja.syntax.Statement.MacroBody;
import org.xecomla.corpus.chat.jinja.syntax.Statement.MacroDefinition;
import org.xecomla.corpus.chat.jinja.syntax.Statement.NameTarget;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Print;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Set;
import org.xecomla.corpus.chat.jinja.syntax.Statement.SetBlock;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Target;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Text;
import org.xecomla.corpus.chat.jinja.syntax.Statement.TupleTarget;
import org.xecomla.corpus.chat.jinja.syntax.Statement.With;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/** The {@link Scope} of every block of a template. Immutable once made. */
public final class Scopes {
    private final Scope template = new Scope(null);
    private final IdentityHashMap<Object, Scope> bodies = new IdentityHashMap<>();
    private final IdentityHashMap<ForLoop, Scope> filters = new IdentityHashMap<>();
    private final IdentityHashMap<ForLoop, Scope> otherwise = new IdentityHashMap<>();

    private final List<Use> uses = new ArrayList<>();

    /** A name that is read, or called. */
    private record Use(Expression.Name name, boolean isCall, Scope scope) {}

    /** @throws TemplateError where a name is read or called that no rendering can have */
    public Scopes(List<Statement> statements) {
        note(statements, template);
        statements.forEach(statement -> statement.accept(new Inner(), template));
        uses.forEach(Scopes::check);
        uses.clear();
    }

    private static void check(Use use) {
        String name = use.name().name();
        if (!use.scope().isVariable(name)) {
            return;
        }
        if (Globals.UNSUPPORTED.contains(name)) {
            throw new TemplateError(
                    "the global " + name + " is not supported", use.name().position());
        }
        if (use.isCall() && !Globals.mayBeCalled(name)) {
            throw new TemplateError("there is no function " + name, use.name().position());
        }
    }

    public Scope template() {
        return template;
    }

    /** @param block a statement that is a block, or a macro's body */
    public Scope body(Object block) {
        return bodies.get(block);
    }

    public Scope filter(ForLoop loop) {
        return filters.get(loop);
    }

    public Scope otherwise(ForLoop loop) {
        return otherwise.get(loop);
    }

    private void note(List<Statement> statements, Scope scope) {
        statements.forEach(statement -> statement.accept(new Names(), scope));
    }

    private void note(Expression expression, Scope scope) {
        if (expression instanceof Expression.Name name) {
            scope.read(name.name());
            uses.add(new Use(name, false, scope.whole()));
        } else if (expression != null) {
            expression.children().forEach(child -> note(child, scope));
        }
        if (expression instanceof Expression.Call call && call.callee() instanceof Expression.Name name) {
            uses.add(new Use(name, true, scope.whole()));
        }
    }

    private void noteArguments(List<FilterCall> calls, Scope scope) {
        for (FilterCall call : calls) {
            call.arguments().positional().forEach(argument -> note(argument, scope));
            call.arguments().values().forEach(argument -> note(argument, scope));
        }
    }

    /** @param given whether whoever begins the block assigns it */
    private void note(Target target, Scope scope, boolean given) {
        if (target instanceof NameTarget name && given) {
            scope.give(name.name());
        } else if (target instanceof NameTarget name) {
            scope.store(name.name());
        } else if (target instanceof AttributeTarget attribute) {
            scope.read(attribute.object());
        } else if (target instanceof TupleTarget tuple) {
            tuple.targets().forEach(one -> note(one, scope, given));
        }
    }

    /** Notes what a statement reads and sets in the block where it stands, without the blocks within. */
    private final class Names implements Statement.Visitor<Scope, Void> {
        @Override
        public Void text(Text node, Scope scope) {
            return null;
        }

        @Override
        public Void print(Print node, Scope scope) {
            note(node.value(), scope);
            return null;
        }

        @Override
        public Void choice(Choice node, Scope scope) {
            note(node.conditions().get(0), scope);
            Scope first = scope.branch();
            note(node.bodies().get(0), first);
            Scope others = scope.branch();
            noteElifs(node, 1, others);
            Scope otherwise = scope.branch();
            note(node.otherwise(), otherwise);
            scope.merge(List.of(first, others, otherwise));
            return null;
        }

        /** Each elif is an if of its own that knows what the ones before it set. */
        private void noteElifs(Choice node, int from, Scope scope) {
            for (int i = from; i < node.conditions().size(); i++) {
                note(node.conditions().get(i), scope);
                Scope body = scope.branch();
                note(node.bodies().get(i), body);
                scope.merge(List.of(body));
            }
        }

        @Override
        public Void loop(ForLoop node, Scope scope) {
            note(node.iterable(), scope);
            return null;
        }

        @Override
        public Void set(Set node, Scope scope) {
            note(node.value(), scope);
            note(node.target(), scope, false);
            return null;
        }

        @Override
        public Void setBlock(SetBlock node, Scope scope) {
            note(node.target(), scope, false);
            return null;
        }

        @Override
        public Void macro(MacroDefinition node, Scope scope) {
            scope.store(node.macro().name());
            return null;
        }

        @Override
        public Void callBlock(CallBlock node, Scope scope) {
            note(node.call(), scope);
            return null;
        }

        @Override
        public Void generation(Generation node, Scope scope) {
            return null;
        }

        @Override
        public Void filterBlock(FilterBlock node, Scope scope) {
            noteArguments(node.filters(), scope);
            return null;
        }

        @Override
        public Void with(With node, Scope scope) {
            node.values().forEach(value -> note(value, scope));
            return null;
        }

        @Override
        public Void jump(Jump node, Scope scope) {
            return null;
        }
    }

    /** Makes the scopes of the blocks within, once the block around is known whole. */
    private final class Inner implements Statement.Visitor<Scope, Void> {
        private Void block(Object key, List<Statement> body, Scope scope) {
            note(body, scope);
            bodies.put(key, scope);
            return descend(body, scope);
        }

        private Void descend(List<Statement> body, Scope scope) {
            body.forEach(statement -> statement.accept(this, scope));
            return null;
        }

        @Override
        public Void text(Text node, Scope scope) {
            return null;
        }

        @Override
        public Void print(Print node, Scope scope) {
            return null;
        }

        @Override
        public Void choice(Choice node, Scope scope) {
            node.bodies().forEach(body -> descend(body, scope));
            return descend(node.otherwise(), scope);
        }

        @Override
        public Void loop(ForLoop node, Scope scope) {
            Scope body = new Scope(scope);
            body.give("loop");
            note(node.target(), body, true);
            block(node, node.body(), body);
            if (node.filter() != null) {
                Scope filter = new Scope(scope);
                note(node.target(), filter, true);
                note(node.filter(), filter);
                filters.put(node, filter);
            }
            Scope none = new Scope(scope);
            note(node.otherwise(), none);
            otherwise.put(node, none);
            return descend(node.otherwise(), none);
        }

        @Override
        public Void set(Set node, Scope scope) {
            return null;
        }

        @Override
        public Void setBlock(SetBlock node, Scope scope) {
            return block(node, node.body(), new Scope(scope));
        }

        @Override
        public Void macro(MacroDefinition node, Scope scope) {
            return macro(node.macro(), scope);
        }

        private Void macro(MacroBody macro, Scope outer) {
            Scope scope = new Scope(outer);
            List<String> given = new ArrayList<>(macro.parameters());
            if (macro.takesCaller()) {
                given.add("caller");
            }
            if (macro.takesKeywords()) {
                given.add("kwargs");
            }
            if (macro.takesPositional()) {
                given.add("varargs");
            }
            given.forEach(scope::give);
            macro.defaults().forEach(value -> note(value, scope));
            return block(macro, macro.body(), scope);
        }

        @Override
        public Void callBlock(CallBlock node, Scope scope) {
            return macro(node.body(), scope);
        }

        @Override
        public Void generation(Generation node, Scope scope) {
            return macro(node.body(), scope);
        }

        @Override
        public Void filterBlock(FilterBlock node, Scope scope) {
            Scope inner = new Scope(scope);
            note(node.body(), inner);
            noteArguments(node.filters(), inner);
            bodies.put(node, inner);
            return descend(node.body(), inner);
        }

        @Override
        public Void with(With node, Scope scope) {
            Scope inner = new Scope(scope);
            node.targets().forEach(target -> note(target, inner, true));
            return block(node, node.body(), inner);
        }

        @Override
        public Void jump(Jump node, Scope scope) {
            return null;
        }
    }
}
