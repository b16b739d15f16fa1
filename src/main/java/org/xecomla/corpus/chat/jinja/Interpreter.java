package org.xecomla.corpus.chat.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.corpus.chat.jinja.library.Globals;
import org.xecomla.corpus.chat.jinja.library.SelectionFilters;
import org.xecomla.corpus.chat.jinja.syntax.Expression;
import org.xecomla.corpus.chat.jinja.syntax.Expression.FilterCall;
import org.xecomla.corpus.chat.jinja.syntax.Scopes;
import org.xecomla.corpus.chat.jinja.syntax.Statement;
import org.xecomla.corpus.chat.jinja.syntax.Statement.AttributeTarget;
import org.xecomla.corpus.chat.jinja.syntax.Statement.MacroBody;
import org.xecomla.corpus.chat.jinja.syntax.Statement.NameTarget;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Target;
import org.xecomla.corpus.chat.jinja.syntax.Statement.TupleTarget;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.Limits;
import org.xecomla.corpus.chat.jinja.value.Loop;
import org.xecomla.corpus.chat.jinja.value.Namespace;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Texts;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;

/** One rendering of a template. */
final class Interpreter implements Statement.Visitor<Frame, Interpreter.Flow> {
    /** How a statement ends. */
    enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    private final Scopes scopes;
    private final Budget budget;
    private final Evaluator evaluator;
    private final StringBuilder output = new StringBuilder();
    private final List<Rendering.Span> spans = new ArrayList<>();
    /** What is being written: the output, or what a block gathers. */
    private StringBuilder out = output;

    private boolean spansAreKnown = true;

    Interpreter(Scopes scopes, Limits limits) {
        this.scopes = scopes;
        this.budget = new Budget(limits);
        this.evaluator = new Evaluator(budget, this::run);
    }

    Rendering render(List<Statement> statements, Map<String, Object> variables) {
        execute(statements, new Frame(scopes.template(), Globals.with(variables)));
        return new Rendering(output.toString(), spans, spansAreKnown);
    }

    private Flow execute(List<Statement> statements, Frame frame) {
        for (Statement statement : statements) {
            budget.steps(1);
            try {
                Flow flow = statement.accept(this, frame);
                if (flow != Flow.NEXT) {
                    return flow;
                }
            } catch (TemplateError e) {
                throw e.at(statement.position());
            }
        }
        return Flow.NEXT;
    }

    private Flow nested(List<Statement> statements, Frame frame) {
        budget.enter();
        Flow flow = execute(statements, frame);
        budget.leave();
        return flow;
    }

    private Flow write(String text) {
        budget.characters(text.length());
        budget.output((long) out.length() + text.length());
        out.append(text);
        return Flow.NEXT;
    }

    /** What the tags filter and call write is not made text, other than what is printed. */
    private Flow writeString(Object value) {
        return write(Values.string(value, "what this tag writes"));
    }

    @Override
    public Flow text(Statement.Text node, Frame frame) {
        return write(node.text());
    }

    @Override
    public Flow print(Statement.Print node, Frame frame) {
        return write(Texts.of(evaluator.value(node.value(), frame), budget));
    }

    @Override
    public Flow choice(Statement.Choice node, Frame frame) {
        for (int i = 0; i < node.conditions().size(); i++) {
            if (Values.truth(evaluator.value(node.conditions().get(i), frame))) {
                return nested(node.bodies().get(i), frame);
            }
        }
        return nested(node.otherwise(), frame);
    }

    @Override
    public Flow loop(Statement.ForLoop node, Frame frame) {
        Object iterable = evaluator.value(node.iterable(), frame);
        Iterator<Object> items = Values.iterate(iterable);
        Loop loop = node.filter() == null
                ? new Loop(items, Values.lengthOrNull(iterable), budget)
                : new Loop(filtered(node, items, frame), null, budget);
        Frame body = frame.inner(scopes.body(node));
        boolean anyTurnEnded = false;
        while (loop.hasNext()) {
            budget.steps(1);
            Object item = loop.next();
            body.begin();
            body.set("loop", loop);
            assign(node.target(), item, body);
            Flow flow = nested(node.body(), body);
            if (flow == Flow.BREAK) {
                break;
            }
            // As Jinja2 compiles it: else is for loops none of whose turns came to its end, by break or continue.
            anyTurnEnded |= flow == Flow.NEXT;
        }
        body.end();
        return anyTurnEnded ? Flow.NEXT : nested(node.otherwise(), frame.inner(scopes.otherwise(node)));
    }

    private Iterator<Object> filtered(Statement.ForLoop node, Iterator<Object> items, Frame frame) {
        Frame test = frame.inner(scopes.filter(node));
        return SelectionFilters.where(
                items,
                item -> {
                    assign(node.target(), item, test);
                    return Values.truth(evaluator.value(node.filter(), test));
                },
                budget);
    }

    private void assign(Target target, Object value, Frame frame) {
        if (target instanceof NameTarget name) {
            frame.set(name.name(), value);
        } else if (target instanceof AttributeTarget attribute) {
            namespace(attribute, frame).attributes().put(attribute.attribute(), value);
        } else if (target instanceof TupleTarget tuple) {
            List<Object> values = evaluator.unpack(value, tuple.targets().size());
            for (int i = 0; i < values.size(); i++) {
                assign(tuple.targets().get(i), values.get(i), frame);
            }
        }
    }

    private static Namespace namespace(AttributeTarget target, Frame frame) {
        if (frame.get(target.object()) instanceof Namespace namespace) {
            return namespace;
        }
        throw new TemplateError("only attributes of a namespace() can be set", target.position());
    }

    @Override
    public Flow set(Statement.Set node, Frame frame) {
        assign(node.target(), evaluator.value(node.value(), frame), frame);
        return Flow.NEXT;
    }

    /** What statements wrote into a text of its own, and how they ended. */
    private record Gathered(String text, Flow flow) {}

    private Gathered gathered(List<Statement> statements, Frame frame) {
        StringBuilder around = out;
        out = new StringBuilder();
        Flow flow = nested(statements, frame);
        Gathered gathered = new Gathered(out.toString(), flow);
        out = around;
        return gathered;
    }

    /** Where the body leaves the loop around, what it wrote is lost. */
    @Override
    public Flow setBlock(Statement.SetBlock node, Frame frame) {
        Frame inner = frame.inner(scopes.body(node));
        Gathered body = gathered(node.body(), inner);
        if (body.flow() == Flow.NEXT) {
            assign(node.target(), filtered(node.filters(), body.text(), inner), frame);
        }
        return body.flow();
    }

    private Object filtered(List<FilterCall> filters, Object value, Frame frame) {
        Object filtered = value;
        for (FilterCall filter : filters) {
            filtered = evaluator.filter(filter, filtered, frame);
        }
        return filtered;
    }

    @Override
    public Flow filterBlock(Statement.FilterBlock node, Frame frame) {
        Frame inner = frame.inner(scopes.body(node));
        Gathered body = gathered(node.body(), inner);
        return body.flow() == Flow.NEXT ? writeString(filtered(node.filters(), body.text(), inner)) : body.flow();
    }

    @Override
    public Flow with(Statement.With node, Frame frame) {
        Frame inner = frame.inner(scopes.body(node));
        for (int i = 0; i < node.targets().size(); i++) {
            assign(node.targets().get(i), evaluator.value(node.values().get(i), frame), inner);
        }
        return nested(node.body(), inner);
    }

    @Override
    public Flow jump(Statement.Jump node, Frame frame) {
        return node.ends() ? Flow.BREAK : Flow.CONTINUE;
    }

    @Override
    public Flow macro(Statement.MacroDefinition node, Frame frame) {
        frame.set(node.macro().name(), macro(node.macro(), frame));
        return Flow.NEXT;
    }

    private Macro macro(MacroBody body, Frame frame) {
        return new Macro(body, scopes.body(body), frame);
    }

    @Override
    public Flow callBlock(Statement.CallBlock node, Frame frame) {
        Expression.Call call = node.call();
        Object callee = evaluator.value(call.callee(), frame);
        Map<String, Object> keywords = new LinkedHashMap<>();
        List<Object> positional = new ArrayList<>();
        call.arguments().positional().forEach(one -> positional.add(evaluator.value(one, frame)));
        for (int i = 0; i < call.arguments().keywords().size(); i++) {
            keywords.put(
                    call.arguments().keywords().get(i),
                    evaluator.value(call.arguments().values().get(i), frame));
        }
        keywords.put("caller", macro(node.body(), frame));
        return writeString(evaluator.call(callee, positional, keywords));
    }

    /** What transformers tracks is where the block's text would begin if all before it were written already. */
    @Override
    public Flow generation(Statement.Generation node, Frame frame) {
        int start = out.length();
        spansAreKnown &= out == output;
        String said = run(macro(node.body(), frame), List.of(), Map.of());
        if (out == output) {
            spans.add(new Rendering.Span(start, start + said.length()));
        }
        return write(said);
    }

    private String run(Macro macro, List<Object> positional, Map<String, Object> keywords) {
        MacroBody body = macro.body();
        Frame frame = macro.definedIn().inner(macro.scope());
        new MacroArguments(body, positional, keywords).bind(frame);
        int firstDefault = body.parameters().size() - body.defaults().size();
        for (int i = 0; i < body.parameters().size(); i++) {
            String name = body.parameters().get(i);
            if (!frame.isSet(name)) {
                frame.set(
                        name,
                        i < firstDefault
                                ? new Undefined("the parameter " + name + " was not given")
                                : evaluator.value(body.defaults().get(i - firstDefault), frame));
            }
        }
        return gathered(body.body(), frame).text();
    }
}
