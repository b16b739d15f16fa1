package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class EstimateCommandTest {
    private static final String COMMAND = "$ submit/xecomla ";

    private static String run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int code = command.execute(arguments);
        return code == 0 ? out.toString() : code + ": " + err;
    }

    /** The page shows what the command prints; MODELS is set to what the tests' environment has not. */
    @Test
    void thePageShowsWhatTheCommandSays() throws Exception {
        List<String> page = Files.readAllLines(Path.of("src/site/markdown/estimate.md"));
        int examples = 0;
        for (int i = 0; i < page.size(); i++) {
            if (page.get(i).startsWith(COMMAND)) {
                int end = i + page.subList(i, page.size()).indexOf("```");
                List<String> words = new ArrayList<>(
                        List.of(page.get(i).substring(COMMAND.length()).split(" ")));
                words.add("-Dbase.path=conf/shapes/Llama-3.2-1B-Instruct");
                words.add("-Dteacher.path=conf/shapes/Llama-3.1-8B-Instruct");
                String shown = String.join("\n", page.subList(i + 1, end)) + "\n";
                assertEquals(shown, run(words.toArray(String[]::new)));
                examples++;
            }
        }
        assertEquals(2, examples, "8 and 64 executors");
    }

    @Test
    @Tag("slow")
    void ratesAreMeasuredWhereNoneIsGiven() {
        String text = run("estimate", "--conf", "conf/demo.conf");
        assertTrue(text.contains("rates      measured here on 1 threads, shape S: training "), text);
    }

    @Test
    void aWrongOptionIsOneLine() {
        String text = run("estimate", "--conf", "conf/demo.conf", "--rate", "0");
        assertEquals("1: xecomla estimate: --rate 0.0 is not above 0\n", text);
    }
}
