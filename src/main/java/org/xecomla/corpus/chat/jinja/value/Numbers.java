package org.xecomla.corpus.chat.jinja.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/** Arithmetic of Python's int, float and bool. Integers have no bounds there and {@link #MAX_BITS} here. */
public final class Numbers {
    static final int MAX_BITS = 4096;

    private static final long EXACT = 1L << 53;

    private Numbers() {}

    public static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean || value instanceof BigInteger;
    }

    public static boolean isNumber(Object value) {
        return isInteger(value) || value instanceof Double;
    }

    /** An integer as this package keeps it. */
    public static Object normal(BigInteger number) {
        if (number.bitLength() < Long.SIZE) {
            return number.longValue();
        }
        if (number.bitLength() > MAX_BITS) {
            throw new TemplateError("an integer of more than " + MAX_BITS + " bits");
        }
        return number;
    }

    static double notNan(double number) {
        if (Double.isNaN(number)) {
            throw new TemplateError("a number that is none (NaN)");
        }
        return number;
    }

    public static BigInteger big(Object integer) {
        return integer instanceof BigInteger number ? number : BigInteger.valueOf(small(integer));
    }

    private static long small(Object integer) {
        return integer instanceof Boolean truth ? (truth ? 1 : 0) : (Long) integer;
    }

    public static double real(Object number) {
        if (number instanceof Double real) {
            return real;
        }
        double real = number instanceof BigInteger integer ? integer.doubleValue() : small(number);
        if (Double.isInfinite(real)) {
            throw new TemplateError("an integer that is too large for a float");
        }
        return real;
    }

    /** @throws TemplateError where the value is no integer, or beyond 32 bits */
    public static int index(Object value) {
        if (!isInteger(value)) {
            throw new TemplateError("an integer is needed, not " + Values.typeName(value));
        }
        BigInteger number = big(value);
        if (number.bitLength() >= Integer.SIZE) {
            throw new TemplateError("an integer that is too large here");
        }
        return number.intValue();
    }

    /** Towards zero, as Python's int() of a float. */
    public static Object truncate(Object number) {
        if (!(number instanceof Double real)) {
            return normal(big(number));
        }
        if (real.isInfinite()) {
            throw new TemplateError("infinity as an integer");
        }
        return normal(new BigDecimal(real).toBigInteger());
    }

    static Object add(Object a, Object b) {
        if (isInteger(a) && isInteger(b)) {
            return normal(big(a).add(big(b)));
        }
        return notNan(real(a) + real(b));
    }

    static Object subtract(Object a, Object b) {
        if (isInteger(a) && isInteger(b)) {
            return normal(big(a).subtract(big(b)));
        }
        return notNan(real(a) - real(b));
    }

    public static Object multiply(Object a, Object b) {
        if (isInteger(a) && isInteger(b)) {
            return normal(big(a).multiply(big(b)));
        }
        return notNan(real(a) * real(b));
    }

    static Object negate(Object a) {
        return a instanceof Double real ? (Object) (-real) : normal(big(a).negate());
    }

    public static Object divide(Object a, Object b) {
        requireDivisor(b);
        if (isInteger(a) && isInteger(b)) {
            return divideIntegers(big(a), big(b));
        }
        return notNan(real(a) / real(b));
    }

    /** To the nearest double, as Python divides integers of any length. */
    private static double divideIntegers(BigInteger a, BigInteger b) {
        BigInteger exact = BigInteger.valueOf(EXACT);
        if (a.abs().compareTo(exact) <= 0 && b.abs().compareTo(exact) <= 0) {
            return a.doubleValue() / b.doubleValue();
        }
        double quotient =
                new BigDecimal(a).divide(new BigDecimal(b), new MathContext(60)).doubleValue();
        if (Double.isInfinite(quotient)) {
            throw new TemplateError("a quotient that is too large for a float");
        }
        return quotient;
    }

    static Object floorDivide(Object a, Object b) {
        requireDivisor(b);
        if (isInteger(a) && isInteger(b)) {
            BigInteger[] quotient = big(a).divideAndRemainder(big(b));
            boolean round = quotient[1].signum() != 0 && quotient[1].signum() != big(b).signum();
            return normal(round ? quotient[0].subtract(BigInteger.ONE) : quotient[0]);
        }
        double x = real(a);
        double y = real(b);
        double quotient = (x - x % y) / y;
        if (x % y != 0 && (y < 0) != (x % y < 0)) {
            quotient -= 1;
        }
        if (quotient == 0) {
            return Math.copySign(0.0, x / y);
        }
        double floor = Math.floor(notNan(quotient));
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    /** The remainder has the sign of the divisor. */
    static Object modulo(Object a, Object b) {
        requireDivisor(b);
        if (isInteger(a) && isInteger(b)) {
            BigInteger rest = big(a).remainder(big(b));
            return normal(rest.signum() != 0 && rest.signum() != big(b).signum() ? rest.add(big(b)) : rest);
        }
        double y = real(b);
        double rest = notNan(real(a) % y);
        if (rest == 0) {
            return Math.copySign(0.0, y);
        }
        return (y < 0) != (rest < 0) ? rest + y : rest;
    }

    /** Of integers; what libraries of C make of others differs in the last digit. */
    public static Object power(Object a, Object b) {
        if (!isInteger(a) || !isInteger(b) || big(b).signum() < 0) {
            throw new TemplateError("** is known for integers and exponents from 0 only");
        }
        BigInteger base = big(a);
        if (base.abs().bitLength() > 1 && big(b).bitLength() > 16) {
            throw new TemplateError("an integer of more than " + MAX_BITS + " bits");
        }
        if (base.abs().bitLength() <= 1) {
            boolean odd = big(b).testBit(0);
            return normal(big(b).signum() == 0 ? BigInteger.ONE : odd ? base : base.multiply(base));
        }
        int exponent = big(b).intValue();
        if ((long) (base.abs().bitLength() - 1) * exponent > MAX_BITS) {
            throw new TemplateError("an integer of more than " + MAX_BITS + " bits");
        }
        return normal(base.pow(exponent));
    }

    private static void requireDivisor(Object number) {
        if (real(number) == 0) {
            throw new TemplateError("division by zero");
        }
    }
}
