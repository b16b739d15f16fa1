package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.RopeScaling;

class InitReportTest {
    private static AttentionConfig latent(int qLoraRank, int kvLoraRank, int nope, int rope) {
        return new AttentionConfig.Mla(
                32, qLoraRank, kvLoraRank, nope, rope, 64, false, false, RopeScaling.NONE, 0.125);
    }

    @Test
    void linesSayWhatWasKeptOfEveryLayer() {
        InitReport report = new InitReport(
                List.of(
                        LayerReport.kept(0, new AttentionConfig.Gqa(32, 8, 64, RopeScaling.NONE)),
                        new LayerReport(1, latent(0, 192, 64, 64), 1024, 0.8125, 1, 0.9, 0.125),
                        new LayerReport(2, latent(864, 480, 32, 32), 1024, 0.95, 0.99, Double.NaN, 0)),
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
