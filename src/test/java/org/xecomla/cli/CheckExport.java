package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Python's transformers reads an export and compares its logits with ours. */
final class CheckExport {
    private static final String IDS = "1,5,9,2,7,3,8,4,6";

    private CheckExport() {}

    /**
     * What the script says, which ends well.
     *
     * @param model whose logits the export is to have
     * @param directory for the logits
     */
    static String said(String model, String export, Path directory) throws Exception {
        String logits = directory.resolve("logits.safetensors").toString();
        run("logits", "--model", model, "--ids", IDS, "--out", logits);
        Process check = new ProcessBuilder("src/main/scripts/check-export", export, logits, IDS)
                .redirectErrorStream(true)
                .start();
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, check.waitFor(), said);
        return said;
    }

    /** A command of ours, which ends well. */
    static void run(String... arguments) {
        assertEquals(0, Main.commandLine().execute(arguments));
    }
}
