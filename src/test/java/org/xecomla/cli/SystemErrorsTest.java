package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;
import picocli.CommandLine;

/** What a system cannot do is told in a line that names the file; what a file holds does not steer the terminal. */
class SystemErrorsTest {
    private static final String MODEL = "conf/demo/model";

    @TempDir
    Path dir;

    private static String refused(String... arguments) {
        StringWriter error = new StringWriter();
        CommandLine line =
                Main.commandLine().setErr(new PrintWriter(error)).setOut(new PrintWriter(new StringWriter()));
        int code = assertTimeoutPreemptively(Duration.ofSeconds(20), () -> line.execute(arguments));
        assertNotEquals(0, code);
        assertEquals(1, error.toString().lines().count(), error.toString());
        return error.toString();
    }

    private String pipe() throws Exception {
        Path pipe = dir.resolve("pipe.jsonl");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        return pipe.toString();
    }

    @Test
    void pipesAndDevicesAreNoInputs() throws Exception {
        String out = dir.resolve("out.json").toString();
        String pipe = pipe();
        String said = refused("eval", "--model", MODEL, "--data", pipe, "--out", out);
        assertTrue(said.contains(pipe + " is a pipe or a device"), said);
        said = refused("eval", "--model", MODEL, "--data", "/dev/zero", "--out", out);
        assertTrue(said.contains("/dev/zero is a pipe or a device"), said);
        said = refused("run", "--conf", pipe);
        assertTrue(said.contains("pipe.jsonl is no file of settings"), said);
    }

    @Test
    void outputsReplaceFilesOnly() throws Exception {
        for (String place : List.of(pipe(), "/dev/null", dir.toString())) {
            String said = refused("stories", "--count", "1", "--out", place);
            assertTrue(said.contains(place + " is a directory, a link or a device"), said);
        }
    }

    @Test
    void theLineNamesTheFileAndNotOnlyTheReason() {
        IOException device = new IOException("Input/output error");
        assertEquals(
                "/data/a: its disk fails",
                Errors.forPeople(new RuntimeException(new UncheckedIOException("/data/a: its disk fails", device))));
        assertEquals("Input/output error", Errors.forPeople(new UncheckedIOException(device)));
        assertTrue(Errors.forPeople(new IllegalStateException(new OutOfMemoryError("Java heap space")))
                .startsWith("out of memory"));
        assertEquals("a; b\\u001b[31m", Errors.forPeople(new UserException("a\n  b\u001b[31m")));
        assertTrue(Errors.forPeople(new UserException("x".repeat(1 << 20))).length() < 3000);
    }

    @Test
    void memoryThatIsNotThereIsSaid() {
        ConsoleCommand greedy = new Greedy();
        StringWriter error = new StringWriter();
        CommandLine line = new CommandLine(greedy).setErr(new PrintWriter(error));
        line.setExecutionExceptionHandler(new Errors());
        assertEquals(1, line.execute());
        assertTrue(error.toString().contains("out of memory (Java heap space"), error.toString());
        assertFalse(error.toString().contains("\tat "), error.toString());
    }

    @CommandLine.Command(name = "greedy")
    private static final class Greedy extends ConsoleCommand {
        @Override
        int run(PrintWriter console) {
            throw new OutOfMemoryError("Java heap space");
        }
    }

    @Test
    void namesOfFilesDoNotSteerTheTerminal() throws Exception {
        Path odd = Files.createDirectory(dir.resolve("a\u001b[2Jb"));
        Files.copy(Path.of(MODEL, "config.json"), odd.resolve("config.json"));
        Files.copy(Path.of(MODEL, "model.safetensors"), odd.resolve("model.safetensors"));
        StringWriter out = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out));
        assertEquals(0, line.execute("inspect", odd.toString()));
        assertFalse(out.toString().contains("\u001b"), out.toString());
        assertTrue(out.toString().contains("a\\u001b[2Jb"), out.toString());
    }

    @Test
    void aWholeMachineIsNotLookedThrough() throws Exception {
        for (int i = 0; i < 2001; i++) {
            Files.createDirectory(dir.resolve("d" + i));
        }
        Files.createSymbolicLink(dir.resolve("round"), dir);
        String said = refused("inspect", dir.toString());
        assertTrue(said.contains("more than 2000 directories below it"), said);
    }
}
