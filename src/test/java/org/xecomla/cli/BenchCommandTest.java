package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class BenchCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        return line.execute(arguments);
    }

    @Test
    void printsRatesOfStepAndForwardAndTheOperations() {
        assertEquals(
                0,
                run(
                        "bench",
                        "--shape",
                        "16,1,2,1,24,40,8,2",
                        "--warm-up",
                        "0",
                        "--rounds",
                        "1",
                        "--steps",
                        "1",
                        "--profile"),
                err::toString);
        String text = out.toString();
        assertTrue(text.contains("GFLOP/s"), text);
        assertTrue(text.contains("training step"), text);
        assertTrue(text.contains("attentionBackward"), text);
    }

    @Test
    void saysHowToGetAPythonWhereThereIsNone() {
        assertEquals(
                1,
                run(
                        "bench",
                        "--shape",
                        "16,1,2,1,24,40,8,2",
                        "--warm-up",
                        "0",
                        "--against-torch",
                        "--python",
                        "/no/python"));
        assertTrue(err.toString().contains("submit/bench/requirements.txt"), err.toString());
    }
}
