package org.xecomla.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
    @Test
    void readsAsOneLine() {
        ProgressLine line = new ProgressLine(120, 1500, 491_520, 1.23456, Duration.ofSeconds(40), 120, 491_520);
        assertEquals("step   120/1,500  tokens 491,520  loss 1.2346  12,288 tokens/s  7:40 left", line.format());
    }

    @Test
    void aRunThatWentOnIsTimedFromWhereItDid() {
        ProgressLine line = new ProgressLine(1000, 1500, 4_000_000, 0.5, Duration.ofHours(1), 250, 1_000_000);
        assertEquals("step 1,000/1,500  tokens 4,000,000  loss 0.5000  278 tokens/s  2:00:00 left", line.format());
    }

    @Test
    void theFirstMomentHasNoPace() {
        ProgressLine line = new ProgressLine(0, 9, 0, 2, Duration.ZERO, 0, 0);
        assertEquals("step 0/9  tokens 0  loss 2.0000  0 tokens/s  0:00 left", line.format());
    }
}
