package org.xecomla.config;

/**
 * The numbers that a key may have.
 *
 * @param minimum least number, itself in or out by {@code minimumIn}
 * @param maximum greatest number, itself in or out by {@code maximumIn}
 */
record Range(double minimum, boolean minimumIn, double maximum, boolean maximumIn) {
    static Range any() {
        return atLeast(Double.NEGATIVE_INFINITY);
    }

    static Range atLeast(double minimum) {
        return new Range(minimum, true, Double.POSITIVE_INFINITY, false);
    }

    static Range above(double minimum) {
        return new Range(minimum, false, Double.POSITIVE_INFINITY, false);
    }

    /** The same, and at most {@code newMaximum}. */
    Range atMost(double newMaximum) {
        return new Range(minimum, minimumIn, newMaximum, true);
    }

    /** The same, and below {@code newMaximum}. */
    Range below(double newMaximum) {
        return new Range(minimum, minimumIn, newMaximum, false);
    }

    boolean holds(double value) {
        return (minimumIn ? value >= minimum : value > minimum) && (maximumIn ? value <= maximum : value < maximum);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (minimum != Double.NEGATIVE_INFINITY) {
            text.append(minimumIn ? "at least " : "above ").append(plain(minimum));
        }
        if (maximum != Double.POSITIVE_INFINITY) {
            text.append(text.isEmpty() ? "" : " and ")
                    .append(maximumIn ? "at most " : "below ")
                    .append(plain(maximum));
        }
        return text.isEmpty() ? "a finite number" : text.toString();
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
