package org.xecomla.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Where the values of an axis lie, and which of them are named.
 *
 * @param log whether equal ratios are equal distances; low is above 0 then
 * @param ticks ascending, within low and high
 */
record AxisScale(double low, double high, boolean log, List<Double> ticks) {
    private static final int WANTED_TICKS = 5;
    private static final int MOST_LOG_TICKS = 7;
    private static final double MARGIN = 0.04; // of the axis, beyond the outermost values
    private static final double[] STEPS = {1, 2, 5};

    /** An axis over {@code values}; {@code named} are its ticks, or if empty, round numbers are found. */
    static AxisScale of(double[] values, boolean log, List<Double> named) {
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            boolean drawable = Double.isFinite(value) && (!log || value > 0);
            least = drawable ? Math.min(least, value) : least;
            most = drawable ? Math.max(most, value) : most;
        }
        if (least > most) {
            return new AxisScale(log ? 1 : 0, log ? 10 : 1, log, List.of());
        }
        AxisScale scale = log ? logarithmic(least, most, named) : linear(least, most, named);
        return new AxisScale(scale.low, scale.high, log, scale.within(scale.ticks));
    }

    private List<Double> within(List<Double> values) {
        return values.stream().filter(value -> value >= low && value <= high).toList();
    }

    private static AxisScale linear(double least, double most, List<Double> named) {
        double span = most > least ? most - least : Math.max(1, Math.abs(most));
        boolean nearZero = least >= 0 && least < 0.5 * span;
        double low = nearZero ? 0 : least - MARGIN * span;
        double high = most + MARGIN * span;
        return new AxisScale(low, high, false, named.isEmpty() ? roundNumbers(low, high) : named);
    }

    private static AxisScale logarithmic(double least, double most, List<Double> named) {
        double margin = Math.pow(most > least ? most / least : 10, MARGIN);
        double low = least / margin;
        double high = most * margin;
        return new AxisScale(low, high, true, named.isEmpty() ? roundRatios(low, high) : named);
    }

    private static List<Double> roundNumbers(double low, double high) {
        double rough = (high - low) / WANTED_TICKS;
        double unit = Math.pow(10, Math.floor(Math.log10(rough)));
        double count = rough / unit;
        double step = unit * (count < 1.5 ? 1 : count < 3 ? 2 : count < 7 ? 5 : 10);
        List<Double> ticks = new ArrayList<>();
        for (double tick = Math.ceil(low / step) * step; tick <= high; tick += step) {
            ticks.add(Math.rint(tick / step) * step);
        }
        return ticks;
    }

    /**
     * 1, 2 and 5 of every power of ten, or the powers alone where those are many; round numbers where there are none.
     */
    private static List<Double> roundRatios(double low, double high) {
        List<Double> all = new ArrayList<>();
        for (int power = (int) Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
            for (double step : STEPS) {
                all.add(step * Math.pow(10, power));
            }
        }
        all.removeIf(tick -> tick < low || tick > high);
        if (all.size() > MOST_LOG_TICKS) {
            all.removeIf(tick -> Math.abs(Math.log10(tick) - Math.rint(Math.log10(tick))) > 1e-9);
        }
        int stride = (all.size() + MOST_LOG_TICKS - 1) / MOST_LOG_TICKS;
        List<Double> kept = stride <= 1
                ? all
                : IntStream.range(0, all.size())
                        .filter(i -> i % stride == 0)
                        .mapToObj(all::get)
                        .toList();
        return kept.size() < 3 ? roundNumbers(low, high) : kept;
    }

    /** Where {@code value} lies: 0 at the low end, 1 at the high one; NaN where it cannot be shown. */
    double at(double value) {
        if (log) {
            return value > 0 ? Math.log(value / low) / Math.log(high / low) : Double.NaN;
        }
        return (value - low) / (high - low);
    }

    /** A short name for a number: 0.05, 12.5, 3,000, 20k, 1.5M, 2e-7. */
    static String name(double value) {
        double size = Math.abs(value);
        if (size >= 1e9) {
            return trimmed(value / 1e9, 2) + "G";
        }
        if (size >= 1e6) {
            return trimmed(value / 1e6, 2) + "M";
        }
        if (size >= 1e4) {
            return trimmed(value / 1e3, 1) + "k";
        }
        if (size != 0 && size < 1e-4) {
            String text = String.format(Locale.ROOT, "%.1e", value);
            return text.replace(".0e", "e").replace("e-0", "e-");
        }
        return trimmed(value, 6);
    }

    private static String trimmed(double value, int decimals) {
        String text = String.format(Locale.ROOT, "%,." + decimals + "f", value);
        return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
    }
}
