package org.xecomla.corpus.chat.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.corpus.chat.jinja.library.Arguments;
import org.xecomla.corpus.chat.jinja.library.Attributes;
import org.xecomla.corpus.chat.jinja.library.BoundMethod;
import org.xecomla.corpus.chat.jinja.library.Filters;
import org.xecomla.corpus.chat.jinja.library.GlobalFunction;
import org.xecomla.corpus.chat.jinja.library.Method;
import org.xecomla.corpus.chat.jinja.library.Operations;
import org.xecomla.corpus.chat.jinja.library.Signature;
import org.xecomla.corpus.chat.jinja.library.Tests;
import org.xecomla.corpus.chat.jinja.syntax.Expression;
import org.xecomla.corpus.chat.jinja.syntax.Expression.ArgumentList;
import org.xecomla.corpus.chat.jinja.syntax.Expression.FilterCall;
import org.xecomla.corpus.chat.jinja.value.Arithmetic;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.Dict;
import org.xecomla.corpus.chat.jinja.value.Equality;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.TextBuilder;
import org.xecomla.corpus.chat.jinja.value.Texts;
import org.xecomla.corpus.chat.jinja.value.Tuple;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;

/** What an expression is worth in a frame. */
final class Evaluator implements Expression.Visitor<Frame, Object>, Operations {
    /** Runs a macro: the interpreter does. */
    interface MacroRunner {
        String run(Macro macro, List<Object> positional, Map<String, Object> keywords);
    }

    private final Budget budget;
    private final MacroRunner macros;

    Evaluator(Budget budget, MacroRunner macros) {
        this.budget = budget;
        this.macros = macros;
    }

    @Override
    public Budget budget() {
        return budget;
    }

    /** @throws TemplateError with the place of the innermost node that failed */
    Object value(Expression node, Frame frame) {
        budget.steps(1);
        budget.enter();
        try {
            Object value = node.accept(this, frame);
            budget.leave();
            return value;
        } catch (TemplateError e) {
            throw e.at(node.position());
        }
    }

    private List<Object> values(List<Expression> nodes, Frame frame) {
        List<Object> values = new ArrayList<>(nodes.size());
        nodes.forEach(node -> values.add(value(node, frame)));
        return values;
    }

    private Map<String, Object> keywords(ArgumentList arguments, Frame frame) {
        Map<String, Object> keywords = new LinkedHashMap<>();
        for (int i = 0; i < arguments.keywords().size(); i++) {
            keywords.put(arguments.keywords().get(i), value(arguments.values().get(i), frame));
        }
        return keywords;
    }

    @Override
    public Object literal(Expression.Literal node, Frame frame) {
        return node.value();
    }

    @Override
    public Object name(Expression.Name node, Frame frame) {
        return frame.get(node.name());
    }

    @Override
    public Object sequence(Expression.Sequence node, Frame frame) {
        List<Object> items = values(node.items(), frame);
        return node.isTuple() ? new Tuple(items) : items;
    }

    @Override
    public Object mapping(Expression.Mapping node, Frame frame) {
        Dict dict = new Dict();
        for (int i = 0; i < node.keys().size(); i++) {
            Object key = value(node.keys().get(i), frame);
            dict.put(key, value(node.values().get(i), frame));
        }
        return dict;
    }

    @Override
    public Object unary(Expression.Unary node, Frame frame) {
        Object operand = value(node.operand(), frame);
        return node.operator().equals("not") ? !Values.truth(operand) : Arithmetic.signed(node.operator(), operand);
    }

    @Override
    public Object binary(Expression.Binary node, Frame frame) {
        Object left = value(node.left(), frame);
        switch (node.operator()) {
            case "and" -> {
                return Values.truth(left) ? value(node.right(), frame) : left;
            }
            case "or" -> {
                return Values.truth(left) ? left : value(node.right(), frame);
            }
            default -> {
                return Arithmetic.apply(node.operator(), left, value(node.right(), frame), budget);
            }
        }
    }

    @Override
    public Object comparison(Expression.Comparison node, Frame frame) {
        Object left = value(node.operands().get(0), frame);
        for (int i = 0; i < node.operators().size(); i++) {
            Object right = value(node.operands().get(i + 1), frame);
            if (!holds(node.operators().get(i), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private boolean holds(String operator, Object left, Object right) {
        return switch (operator) {
            case "==" -> Equality.equal(left, right);
            case "!=" -> !Equality.equal(left, right);
            case "in" -> Values.contains(right, left, budget);
            case "not in" -> !Values.contains(right, left, budget);
            case "<" -> Equality.compare(left, right) < 0;
            case "<=" -> Equality.compare(left, right) <= 0;
            case ">" -> Equality.compare(left, right) > 0;
            default -> Equality.compare(left, right) >= 0;
        };
    }

    @Override
    public Object concatenation(Expression.Concatenation node, Frame frame) {
        TextBuilder out = new TextBuilder(budget);
        // All values first, as Python has it: what fails, fails before anything else does.
        values(node.parts(), frame).forEach(part -> out.append(Texts.of(part, budget)));
        return out.toString();
    }

    @Override
    public Object conditional(Expression.Conditional node, Frame frame) {
        if (Values.truth(value(node.condition(), frame))) {
            return value(node.value(), frame);
        }
        return node.otherwise() == null
                ? new Undefined("an if without else, whose condition is false, has no value")
                : value(node.otherwise(), frame);
    }

    @Override
    public Object attribute(Expression.Attribute node, Frame frame) {
        return Attributes.attribute(value(node.object(), frame), node.name());
    }

    @Override
    public Object subscript(Expression.Subscript node, Frame frame) {
        return Attributes.item(value(node.object(), frame), value(node.key(), frame));
    }

    @Override
    public Object slice(Expression.Slice node, Frame frame) {
        Object object = value(node.object(), frame);
        Object start = node.start() == null ? null : value(node.start(), frame);
        Object stop = node.stop() == null ? null : value(node.stop(), frame);
        Object step = node.step() == null ? null : value(node.step(), frame);
        return charged(Attributes.slice(object, start, stop, step, budget));
    }

    @Override
    public Object call(Expression.Call node, Frame frame) {
        Object callee = value(node.callee(), frame);
        List<Object> positional = values(node.arguments().positional(), frame);
        return call(callee, positional, keywords(node.arguments(), frame));
    }

    /** @throws TemplateError where the value cannot be called, or not with these arguments */
    Object call(Object callee, List<Object> positional, Map<String, Object> keywords) {
        if (callee instanceof Macro macro) {
            return macros.run(macro, positional, keywords);
        }
        if (callee instanceof BoundMethod bound) {
            return charged(apply(bound.name(), bound.method(), bound.receiver(), positional, keywords));
        }
        if (callee instanceof GlobalFunction function) {
            Arguments arguments = bind(function.name(), function.signature(), positional, keywords);
            return function.body().call(arguments, this);
        }
        if (callee instanceof Undefined undefined) {
            throw undefined.error();
        }
        throw new TemplateError(Values.typeName(callee) + " cannot be called");
    }

    private static Arguments bind(
            String name, Signature signature, List<Object> positional, Map<String, Object> keywords) {
        try {
            return signature.bind(positional, keywords);
        } catch (TemplateError e) {
            throw new TemplateError(name + " " + e.getMessage());
        }
    }

    private Object apply(
            String name, Method method, Object value, List<Object> positional, Map<String, Object> keywords) {
        return method.body().call(value, bind(name, method.signature(), positional, keywords), this);
    }

    /** A string that was made counts as such. */
    private Object charged(Object made) {
        budget.characters(made instanceof String text ? text.length() : 0);
        return made;
    }

    @Override
    public Object filter(Expression.Filter node, Frame frame) {
        return filter(node.call(), value(node.value(), frame), frame);
    }

    Object filter(FilterCall call, Object value, Frame frame) {
        List<Object> positional = values(call.arguments().positional(), frame);
        return filter(call.name(), value, positional, keywords(call.arguments(), frame));
    }

    @Override
    public Object filter(String name, Object value, List<Object> positional, Map<String, Object> keywords) {
        Method filter = Filters.find(name);
        if (filter == null) {
            throw new TemplateError("there is no filter " + name);
        }
        return charged(apply("the filter " + name, filter, value, positional, keywords));
    }

    @Override
    public Object test(Expression.Test node, Frame frame) {
        Object value = value(node.value(), frame);
        List<Object> positional = values(node.arguments().positional(), frame);
        return test(node.name(), value, positional, keywords(node.arguments(), frame));
    }

    @Override
    public boolean test(String name, Object value, List<Object> positional, Map<String, Object> keywords) {
        Method test = Tests.find(name);
        if (test == null) {
            throw new TemplateError("there is no test " + name);
        }
        return (Boolean) apply("the test " + name, test, value, positional, keywords);
    }

    /** The elements to unpack. */
    List<Object> unpack(Object value, int number) {
        List<Object> items = new ArrayList<>();
        for (Iterator<Object> each = Values.iterate(value); each.hasNext() && items.size() <= number; ) {
            budget.steps(1);
            items.add(each.next());
        }
        if (items.size() != number) {
            throw new TemplateError("as many values as names are needed, " + number);
        }
        return items;
    }
}
