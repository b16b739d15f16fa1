package org.xecomla.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * A line chart as SVG: the one way in which this project draws. Colours tell series apart for colour-blind readers too
 * and follow the reader's light or dark mode by CSS variables; every point has its values as a tooltip.
 *
 * @param title above the chart
 * @param series drawn in this order; points that the axes cannot show (not finite, or not above 0 on a log axis) are
 *     left out
 */
public record SvgChart(String title, Axis x, Axis y, List<Series> series) {
    /** Rules for everything that {@link #inline} draws: a page that holds charts needs them once. */
    public static final String CSS = """
            .chart{--ink:#1f2328;--muted:#59636e;--grid:#e1e5ea;--paper:#ffffff;\
            --c0:#0072b2;--c1:#d55e00;--c2:#00835f;--c3:#a9528a;--c4:#9a6700;--c5:#3b8bbd;\
            font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;font-size:12px}
            @media (prefers-color-scheme:dark){.chart{--ink:#e6edf3;--muted:#9aa4af;--grid:#30363d;--paper:#0d1117;\
            --c0:#56b4e9;--c1:#ff9250;--c2:#2ec99b;--c3:#e59ac9;--c4:#e6b422;--c5:#a5d8f5}}
            .chart text{fill:var(--ink)}.chart .muted{fill:var(--muted)}.chart .title{font-weight:600;font-size:13px}
            .chart .grid{stroke:var(--grid)}.chart .axis{stroke:var(--muted)}.chart .paper{fill:var(--paper)}
            .chart .line{fill:none;stroke-width:1.8;stroke-linejoin:round}.chart .dashed{stroke-dasharray:5 4}
            """;

    private static final int WIDTH = 420;
    private static final int PLOT_HEIGHT = 220;
    private static final int LEFT = 64;
    private static final int RIGHT = 14;
    private static final int TITLE_HEIGHT = 26;
    private static final int LEGEND_ROW = 17;
    private static final int BOTTOM = 46;
    private static final int LEGEND_SAMPLE = 24;
    private static final int LEGEND_GAP = 14;
    private static final double CHARACTER = 6.3; // mean width of the font
    private static final int NUM_COLOURS = 6;

    /** The colour of what series are compared with. */
    public static final int NEUTRAL = -1;

    private static final int GAP = 16; // between charts of a figure

    /**
     * @param label with the unit
     * @param log whether equal ratios are equal distances
     * @param ticks the values to name; empty: round ones
     */
    public record Axis(String label, boolean log, List<Double> ticks) {
        public static Axis linear(String label) {
            return new Axis(label, false, List.of());
        }

        public static Axis log(String label) {
            return new Axis(label, true, List.of());
        }
    }

    public record Point(double x, double y) {}

    /** How a series is drawn: with markers or without, solid or dashed. */
    public enum Style {
        LINE,
        DASHED_LINE,
        MARKED,
        DASHED_MARKED;

        boolean dashed() {
            return this == DASHED_LINE || this == DASHED_MARKED;
        }

        boolean marked() {
            return this == MARKED || this == DASHED_MARKED;
        }
    }

    /** @param colour 0 to 5, beyond which they come again, or {@link #NEUTRAL}; series of one colour belong together */
    public record Series(String name, int colour, Style style, List<Point> points) {
        public Series {
            points = List.copyOf(points);
        }
    }

    public SvgChart {
        series = List.copyOf(series);
    }

    /** The chart as an element of a page that has {@link #CSS}. As wide as its place. */
    public String inline() {
        return String.format(
                        Locale.ROOT,
                        "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
                        WIDTH,
                        height(),
                        Html.escape(title))
                + body() + "</svg>\n";
    }

    /** Charts side by side as an SVG file of their own, on a ground of their own. */
    public static String file(List<SvgChart> charts) {
        int width = charts.size() * (WIDTH + GAP) - GAP;
        int height = charts.stream().mapToInt(SvgChart::height).max().orElse(0);
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                        + "height=\"%d\""
                        + " role=\"img\" aria-label=\"%s\">\n<style>%s</style>\n"
                        + "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n",
                width,
                height,
                width,
                height,
                Html.escape(charts.stream().map(SvgChart::title).collect(Collectors.joining("; "))),
                CSS,
                width,
                height));
        for (int i = 0; i < charts.size(); i++) {
            svg.append(String.format(Locale.ROOT, "<g transform=\"translate(%d 0)\">", i * (WIDTH + GAP)))
                    .append(charts.get(i).body())
                    .append("</g>\n");
        }
        return svg.append("</svg>\n").toString();
    }

    private int height() {
        return TITLE_HEIGHT + legendRows().size() * LEGEND_ROW + PLOT_HEIGHT + BOTTOM;
    }

    private String body() {
        StringBuilder svg = new StringBuilder();
        svg.append(text(LEFT, 17, "title", "start", title));
        int top = TITLE_HEIGHT;
        for (List<Series> row : legendRows()) {
            drawLegend(row, top, svg);
            top += LEGEND_ROW;
        }
        AxisScale across = AxisScale.of(values(Point::x), x.log, x.ticks);
        AxisScale up = AxisScale.of(values(Point::y), y.log, y.ticks);
        Frame frame = new Frame(across, up, top + 6);
        drawAxes(frame, svg);
        series.forEach(one -> drawSeries(one, frame, svg));
        return svg.toString();
    }

    private double[] values(java.util.function.ToDoubleFunction<Point> part) {
        return series.stream()
                .flatMapToDouble(s -> s.points.stream().mapToDouble(part))
                .toArray();
    }

    /** From values to places in the drawing. */
    private record Frame(AxisScale x, AxisScale y, int top) {
        double left(double value) {
            return LEFT + x.at(value) * (WIDTH - LEFT - RIGHT);
        }

        double top(double value) {
            return bottom() - y.at(value) * (PLOT_HEIGHT - 6);
        }

        int bottom() {
            return top + PLOT_HEIGHT - 6;
        }
    }

    private void drawAxes(Frame frame, StringBuilder svg) {
        int right = WIDTH - RIGHT;
        for (double tick : frame.y.ticks()) {
            double at = frame.top(tick);
            svg.append(line("grid", LEFT, at, right, at))
                    .append(text(LEFT - 6, at + 4, "muted", "end", AxisScale.name(tick)));
        }
        double free = 0; // names that would run into the one before are left out
        for (double tick : frame.x.ticks()) {
            double at = frame.left(tick);
            double half = AxisScale.name(tick).length() * CHARACTER / 2;
            svg.append(line("grid", at, frame.top, at, frame.bottom()));
            if (at - half >= free) {
                svg.append(text(at, frame.bottom() + 16, "muted", "middle", AxisScale.name(tick)));
                free = at + half + 4;
            }
        }
        svg.append(line("axis", LEFT, frame.bottom(), right, frame.bottom()));
        double middle = (LEFT + right) / 2.0;
        svg.append(text(middle, frame.bottom() + 35, "muted", "middle", x.label));
        double centre = frame.top + PLOT_HEIGHT / 2.0;
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"muted\" text-anchor=\"middle\" transform=\"translate(13 %.1f) rotate(-90)\">%s</text>",
                centre,
                Html.escape(y.label)));
    }

    private void drawSeries(Series one, Frame frame, StringBuilder svg) {
        List<Point> shown = one.points.stream()
                .filter(p -> DoubleStream.of(frame.left(p.x), frame.top(p.y)).allMatch(Double::isFinite))
                .toList();
        if (shown.size() > 1) {
            String places = shown.stream()
                    .map(p -> String.format(Locale.ROOT, "%.1f,%.1f", frame.left(p.x), frame.top(p.y)))
                    .collect(Collectors.joining(" "));
            svg.append(String.format("<polyline class=\"%s\" %s points=\"%s\"/>", lineClass(one), stroke(one), places));
        }
        if (one.style.marked() || shown.size() == 1) {
            for (Point p : shown) {
                svg.append(marker(
                        one,
                        frame.left(p.x),
                        frame.top(p.y),
                        one.name + ": " + AxisScale.name(p.x) + ", " + AxisScale.name(p.y)));
            }
        }
    }

    private static String marker(Series one, double left, double top, String tip) {
        String fill = one.style.dashed() ? "var(--paper)" : colour(one);
        String title = tip == null ? "" : "<title>" + Html.escape(tip) + "</title>";
        return String.format(
                Locale.ROOT,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.4\" style=\"fill:%s;stroke:%s;stroke-width:1.6\">%s</circle>",
                left,
                top,
                fill,
                colour(one),
                title);
    }

    // ---- legend ----

    /** One row of it a line; a lone series needs none, the title says what it is. */
    private List<List<Series>> legendRows() {
        List<List<Series>> rows = new ArrayList<>();
        double free = 0;
        for (Series one : series.size() > 1 ? series : List.<Series>of()) {
            double wanted = legendWidth(one);
            if (rows.isEmpty() || free < wanted) {
                rows.add(new ArrayList<>());
                free = WIDTH - LEFT - RIGHT + LEGEND_GAP;
            }
            rows.get(rows.size() - 1).add(one);
            free -= wanted;
        }
        return rows;
    }

    private static double legendWidth(Series one) {
        return LEGEND_SAMPLE + 6 + one.name.length() * CHARACTER + LEGEND_GAP;
    }

    private static void drawLegend(List<Series> row, int top, StringBuilder svg) {
        double left = LEFT;
        double middle = top + LEGEND_ROW / 2.0;
        for (Series one : row) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<path class=\"%s\" %s d=\"M%.1f %.1fh%d\"/>",
                    lineClass(one),
                    stroke(one),
                    left,
                    middle,
                    LEGEND_SAMPLE));
            if (one.style.marked()) {
                svg.append(marker(one, left + LEGEND_SAMPLE / 2.0, middle, null));
            }
            svg.append(text(left + LEGEND_SAMPLE + 6, middle + 4, "", "start", one.name));
            left += legendWidth(one);
        }
    }

    // ---- elements ----

    private static String lineClass(Series one) {
        return one.style.dashed() ? "line dashed" : "line";
    }

    private static String stroke(Series one) {
        return "style=\"stroke:" + colour(one) + "\"";
    }

    private static String colour(Series one) {
        return one.colour == NEUTRAL ? "var(--muted)" : "var(--c" + one.colour % NUM_COLOURS + ")";
    }

    private static String line(String kind, double x1, double y1, double x2, double y2) {
        return String.format(
                Locale.ROOT,
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                kind,
                x1,
                y1,
                x2,
                y2);
    }

    private static String text(double x, double y, String kind, String anchor, String text) {
        return String.format(
                Locale.ROOT,
                "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                kind,
                x,
                y,
                anchor,
                Html.escape(text));
    }
}
