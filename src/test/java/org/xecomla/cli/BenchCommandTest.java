package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.report.DecodeSweep;
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
    @Tag("slow")
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
        assertTrue(text.contains("attention.backward"), text);
    }

    @Test
    @Tag("slow")
    void takesTurnsWithRecomputationAndSaysWhatItSaves() {
        String[] little = {"bench", "--shape", "16,3,2,1,24,40,8,2", "--warm-up", "0", "--rounds", "1", "--steps", "1"};
        String[] arguments = Arrays.copyOf(little, little.length + 1);
        arguments[little.length] = "--against-recompute";
        assertEquals(0, run(arguments), err::toString);
        String text = out.toString();
        assertTrue(text.contains("training step of xecomla: "), text);
        assertTrue(text.contains("training step of xecomla, blocks: "), text);
        assertTrue(text.contains("times as fast as xecomla, blocks"), text);
    }

    @Test
    void measuresTasksSideBySide() {
        assertEquals(
                0,
                run("bench", "--tasks", "2", "--shape", "16,1,2,1,24,40,8,2", "--rounds", "1", "--steps", "1"),
                err::toString);
        assertTrue(out.toString().contains("with 2 such tasks in one JVM"), out.toString());
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
        assertTrue(err.toString().contains("src/main/scripts/python-env torch"), err.toString());
    }

    @Test
    @Tag("slow")
    void decodesBothModelsAndWritesTableAndPlot(@TempDir Path dir) throws Exception {
        String base = "src/test/resources/golden/llama-gqa-tied";
        String student = "src/test/resources/golden/mla-gqa-tied-stride";
        int code = run(
                "bench",
                "--decode",
                "--model",
                student,
                "--base",
                base,
                "--contexts",
                "12,24",
                "--batches",
                "1,5",
                "--new-tokens",
                "3",
                "--rounds",
                "1",
                "--threads",
                "1",
                "--out",
                dir.toString());
        assertEquals(0, code, err::toString);
        DecodeSweep sweep = DecodeSweep.fromJson(Files.readString(dir.resolve("decode.json")));
        assertEquals(4, sweep.cells().size());
        DecodeSweep.Cell last = sweep.cells().get(3);
        assertEquals(cacheBytes(base, 5 * 24), last.baseBytes());
        assertEquals(cacheBytes(student, 5 * 24), last.studentBytes());
        assertTrue(last.baseRate() > 0 && last.studentRate() > 0, out::toString);
        assertTrue(out.toString().contains(sweep.toText()), out::toString);
        assertTrue(Files.readString(dir.resolve("decode.svg")).contains("student, batch 5"));
    }

    private static long cacheBytes(String model, int numTokens) {
        int elements = ModelDirectory.open(DataFiles.path(model)).config().kvElementsPerToken();
        return (long) numTokens * elements * Float.BYTES;
    }

    @Test
    void refusesAContextWithoutRoomForTheNewTokens() {
        String model = "src/test/resources/golden/llama-gqa-tied";
        int code = run("bench", "--decode", "--model", model, "--base", model, "--contexts", "8", "--new-tokens", "8");
        assertEquals(1, code);
        assertTrue(err.toString().contains("has no room for --new-tokens 8"), err::toString);
    }
}
