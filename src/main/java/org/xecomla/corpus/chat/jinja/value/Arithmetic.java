package org.xecomla.corpus.chat.jinja.value;

import java.util.ArrayList;
import java.util.List;

/** The operators of Python on numbers, strings, lists and tuples. */
public final class Arithmetic {
    private Arithmetic() {}

    /** @throws TemplateError where the operator is not for such values */
    public static Object apply(String operator, Object left, Object right, Budget budget) {
        if (operator.equals("%") && left instanceof String format) {
            return PercentFormat.format(format, right, budget);
        }
        if (left instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (right instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            return ofNumbers(operator, left, right);
        }
        Object result =
                switch (operator) {
                    case "+" -> joined(left, right, budget);
                    case "*" ->
                        Numbers.isInteger(right)
                                ? repeated(left, Numbers.index(right), budget)
                                : Numbers.isInteger(left) ? repeated(right, Numbers.index(left), budget) : null;
                    default -> null;
                };
        if (result == null) {
            throw new TemplateError(
                    operator + " is not for " + Values.typeName(left) + " and " + Values.typeName(right));
        }
        return result;
    }

    private static Object ofNumbers(String operator, Object left, Object right) {
        return switch (operator) {
            case "+" -> Numbers.add(left, right);
            case "-" -> Numbers.subtract(left, right);
            case "*" -> Numbers.multiply(left, right);
            case "/" -> Numbers.divide(left, right);
            case "//" -> Numbers.floorDivide(left, right);
            case "%" -> Numbers.modulo(left, right);
            default -> Numbers.power(left, right);
        };
    }

    /** Null where they cannot be joined. */
    private static Object joined(Object left, Object right, Budget budget) {
        if (left instanceof String a && right instanceof String b) {
            return new TextBuilder(budget).append(a).append(b).toString();
        }
        if (Values.textOrNull(left) != null && Values.textOrNull(right) != null) {
            // One of them is safe: the other is made so.
            budget.characters(SafeText.LONGEST * (Values.length(left) + Values.length(right)));
            return new SafeText(new TextBuilder(budget)
                    .append(SafeText.escaped(left).text())
                    .append(SafeText.escaped(right).text())
                    .toString());
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            return joined(a, b, budget);
        }
        return left instanceof Tuple a && right instanceof Tuple b
                ? new Tuple(joined(a.items(), b.items(), budget))
                : null;
    }

    private static List<Object> joined(List<?> a, List<?> b, Budget budget) {
        budget.steps(a.size() + b.size());
        List<Object> joined = new ArrayList<>(a);
        joined.addAll(b);
        return joined;
    }

    /** Null where the value cannot be repeated. */
    private static Object repeated(Object value, int times, Budget budget) {
        if (value instanceof String text) {
            return new TextBuilder(budget).repeat(text, times).toString();
        }
        if (value instanceof SafeText safe) {
            return new SafeText(
                    new TextBuilder(budget).repeat(safe.text(), times).toString());
        }
        if (value instanceof List<?> list) {
            return repeated(list, times, budget);
        }
        return value instanceof Tuple tuple ? new Tuple(repeated(tuple.items(), times, budget)) : null;
    }

    private static List<Object> repeated(List<?> items, int times, Budget budget) {
        budget.steps(Math.max(0, (long) times * items.size()));
        List<Object> repeated = new ArrayList<>();
        for (int i = 0; i < times && !items.isEmpty(); i++) {
            repeated.addAll(items);
        }
        return repeated;
    }

    /** {@code -} or {@code +}. */
    public static Object signed(String sign, Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!Numbers.isNumber(value)) {
            throw new TemplateError(sign + " is not for " + Values.typeName(value));
        }
        return sign.equals("-") ? Numbers.negate(value) : value instanceof Boolean ? Numbers.add(value, 0L) : value;
    }
}
