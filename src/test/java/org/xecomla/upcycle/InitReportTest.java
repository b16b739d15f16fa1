package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class InitReportTest {
    @Test
    void linesSayWhatWasKeptOfEveryLayer() {
        InitReport report = new InitReport(
                List.of(
                        LayerReport.kept(0, 1024),
                        new LayerReport(1, true, 192, 0, 64, 64, 256, 1024, 0.8125, 1, 0.9, 0.125),
                        new LayerReport(2, true, 480, 864, 32, 32, 512, 1024, 0.95, 0.99, Double.NaN, 0)),
                List.of("a note"));
        assertEquals(
                List.of(
                        "layer  attention  KV rank  rope  nope  Q rank  KV share  KV energy  Q energy  rope energy  "
                                + "norm"
                                + " error",
                        "    0  gqa                                       100.0%",
                        "    1  mla            192    64    64    full     25.0%     81.25%   100.00%       90.00%     "
                                + " 12.50%",
                        "    2  mla            480    32    32     864     50.0%     95.00%    99.00%            -  "
                                + "     "
                                + "0.00%",
                        "all    1792 of 3072 KV elements per token: 58.3 %",
                        "a note"),
                report.lines());
    }
}
