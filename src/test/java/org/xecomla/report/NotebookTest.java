package org.xecomla.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jupyter executes the notebook on a run; it draws, and tensorboard's reader finds in the event files what the log has.
 */
@Tag("python")
class NotebookTest {
    @TempDir
    private Path dir;

    @Test
    void drawsARunAndReadsItsEventFiles() throws Exception {
        SampleRun.write(dir);
        Path out = dir.resolve("explore.html");
        Process explore = new ProcessBuilder("src/main/scripts/explore", dir.toString(), out.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(explore.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, explore.waitFor(), said);
        String html = Files.readString(out);
        for (String measure : new String[] {"loss", "kl", "gradient_norm", "learning_rate"}) {
            String found =
                    "TensorBoard, distill: " + measure + " has the " + SampleRun.NUM_ROUNDS + " values of the log";
            assertTrue(html.contains(found), measure);
        }
        assertEquals(3, html.split("src=\"data:image/png;base64", -1).length - 1, "curves, frontier and decoding");
        assertTrue(html.contains("25.0%"), "the table of the result");
    }
}
