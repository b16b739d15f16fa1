package org.xecomla.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Against bytes that tensorboard 2.21's own writer makes; its reader reads ours in NotebookTest. */
class TensorBoardEventsTest {
    private static final String FIRST_HEX =
            "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9";
    private static final String SECOND_HEX =
            "1b000000000000001a0d9e130900006040fc54d94110ac022a0d0a0b0a046c6f737315cdcccc3d3fb4daca";

    @Test
    void writesTheBytesOfTensorBoardsOwnWriter() {
        TensorBoardEvents events = new TensorBoardEvents(1_700_000_000.25);
        events.add(1_700_000_001.5, 300, Map.of("loss", 0.1));
        byte[] first = HexFormat.of().parseHex(FIRST_HEX);
        byte[] second = HexFormat.of().parseHex(SECOND_HEX);
        byte[] written = events.toBytes();
        assertEquals(first.length + second.length, written.length);
        assertArrayEquals(first, Arrays.copyOf(written, first.length));
        assertArrayEquals(second, Arrays.copyOfRange(written, first.length, written.length));
    }
}
