package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The demo's model on a few short windows: what the table says must hang together. */
class FidelityCommandTest {
    private record Answer(int code, String out, String error) {
        /** A number of the row of {@code codec}: 0 is its name. */
        double number(String codec, int column) {
            String row = out.lines()
                    .filter(line -> line.startsWith(codec + " "))
                    .findFirst()
                    .orElseThrow();
            return Double.parseDouble(row.replace(" deg", "").split("\\s+")[column]);
        }
    }

    private static Answer fidelity(String codecs) {
        List<String> words = new ArrayList<>(List.of("fidelity", "--conf", "conf/fidelity.conf"));
        words.addAll(List.of("--base", "conf/demo/model", "--train", "conf/demo/train.jsonl"));
        words.addAll(List.of("--valid", "conf/demo/valid.jsonl", "--windows", "24", "--angle-windows", "16"));
        words.addAll(List.of("--students", "0.01", "--codecs", codecs, "--untrained", "sampled:400"));
        for (String setting :
                List.of("sequence.length=32", "distill.tokens=768", "compute.threads=1", "eval.max-windows=4")) {
            words.addAll(List.of("-D", setting));
        }
        StringWriter out = new StringWriter();
        StringWriter error = new StringWriter();
        CommandLine commandLine =
                Main.commandLine().setErr(new PrintWriter(error)).setOut(new PrintWriter(out));
        return new Answer(commandLine.execute(words.toArray(String[]::new)), out.toString(), error.toString());
    }

    @Test
    @Tag("slow")
    void theTableComparesBytesAndGradients() {
        Answer answer = fidelity("sampled:10,topk:200");
        assertEquals(0, answer.code, answer.error);
        assertEquals(0, answer.number("dense", 2), 1e-3);
        assertTrue(answer.number("dense", 1) > 3000, answer.out);
        double few = answer.number("sampled:10", 2);
        double many = answer.number("sampled:400", 2);
        assertTrue(many > 0 && many < 0.35 * few, "40 times the draws: " + many + " and " + few + " degrees");
        assertTrue(answer.number("sampled:10", 1) < answer.number("sampled:400", 1), answer.out);
        assertTrue(answer.number("topk:200", 2) < few, answer.out);
        assertTrue(answer.out.contains("times as fast as the student trains"), answer.out);
    }

    @Test
    void aCodecThatIsNoneIsRefused() {
        Answer answer = fidelity("sampled-10");
        assertNotEquals(0, answer.code);
        assertEquals(1, answer.error.lines().count(), answer.error);
        assertTrue(answer.error.contains("sampled:N"), answer.error);
    }
}
