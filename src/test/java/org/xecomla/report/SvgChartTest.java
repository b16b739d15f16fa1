package org.xecomla.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xecomla.report.SvgChart.Axis;
import org.xecomla.report.SvgChart.Point;
import org.xecomla.report.SvgChart.Series;
import org.xecomla.report.SvgChart.Style;

class SvgChartTest {
    private static SvgChart chart(Axis y, Series... series) {
        return new SvgChart("A <title> & more", Axis.log("bytes"), y, List.of(series));
    }

    private static Document parse(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void isWellFormedAndEscapes() throws Exception {
        Series one = new Series("a<b", 0, Style.MARKED, List.of(new Point(1, 2), new Point(10, 4)));
        Series other = new Series("c", 1, Style.DASHED_LINE, List.of(new Point(1, 3), new Point(10, 3)));
        Document file = parse(SvgChart.file(List.of(chart(Axis.linear("y"), one, other), chart(Axis.log("y"), one))));
        assertEquals("svg", file.getDocumentElement().getTagName());
        assertEquals(3, file.getElementsByTagName("polyline").getLength());
        parse(chart(Axis.linear("y"), one).inline());
    }

    /** Equal ratios are equal distances on a log axis, and greater values are higher up. */
    @Test
    void placesPoints() throws Exception {
        Series one = new Series("s", 0, Style.LINE, List.of(new Point(1, 5), new Point(10, 6), new Point(100, 9)));
        Element line = (Element) parse(chart(Axis.linear("y"), one).inline())
                .getElementsByTagName("polyline")
                .item(0);
        String[] places = line.getAttribute("points").split("[ ,]");
        double[] at =
                java.util.Arrays.stream(places).mapToDouble(Double::parseDouble).toArray();
        assertEquals(at[2] - at[0], at[4] - at[2], 0.2);
        assertEquals(3 * (at[1] - at[3]), at[3] - at[5], 0.4);
    }

    @Test
    void leavesOutWhatAnAxisCannotShow() {
        Series one = new Series(
                "s",
                0,
                Style.MARKED,
                List.of(new Point(1, 0), new Point(2, Double.NaN), new Point(3, 1), new Point(9, 2)));
        String svg = chart(Axis.log("y"), one).inline();
        assertEquals(2, svg.split("<circle", -1).length - 1);
        assertFalse(svg.contains("NaN"), svg);
        assertTrue(chart(Axis.log("y")).inline().contains("</svg>"));
    }

    @ParameterizedTest
    @CsvSource({"0.05,0.05", "1234,'1,234'", "20000,20k", "1500000,1.5M", "2e-7,2e-7", "0,0", "12.50,12.5"})
    void namesNumbersShortly(double value, String name) {
        assertEquals(name, AxisScale.name(value));
    }

    @Test
    void ticksAreRoundAndWithinTheAxis() {
        assertEquals(
                List.of(0.0, 2.0, 4.0, 6.0, 8.0, 10.0),
                AxisScale.of(new double[] {0, 10}, false, List.of()).ticks());
        AxisScale decades = AxisScale.of(new double[] {1e-4, 3}, true, List.of());
        assertTrue(decades.ticks().stream().allMatch(t -> t >= decades.low() && t <= decades.high()));
        assertTrue(decades.ticks().contains(0.01), decades::toString);
    }
}
