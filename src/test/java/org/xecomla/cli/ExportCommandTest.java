package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.spark.TinyRun;

/** What the command writes is as sealed as what the stage writes. */
class ExportCommandTest {
    @TempDir
    Path directory;

    private final StringWriter err = new StringWriter();
    private final StringWriter out = new StringWriter();

    private int run(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    @Test
    void anExportHasAManifestThatInspectVerifies() throws Exception {
        TinyRun.in(directory);
        String base = directory.resolve("base").toString();
        Path into = directory.resolve("out");
        assertEquals(
                0,
                run("export", "--model", base, "--format", "llama", "--dtype", "f32", "--out", into.toString()),
                err::toString);
        StageDirectory export = new StageDirectory(DataFiles.path(into.toString()));
        assertTrue(export.isComplete());
        Manifest manifest = export.requireComplete("export");
        assertEquals("llama", manifest.settings().get("export.format"));
        assertEquals("f32", manifest.settings().get("export.dtype"));
        assertTrue(manifest.inputs().containsKey("student"));
        for (String file : new String[] {"model.safetensors", "config.json", "tokenizer.json", "README.md"}) {
            assertTrue(manifest.files().containsKey(file), file + " of " + manifest.files());
        }
        assertEquals(0, run("inspect", into.toString(), "--verify"), err::toString);

        byte[] weights = Files.readAllBytes(into.resolve("model.safetensors"));
        weights[weights.length / 2] ^= 1;
        Files.write(into.resolve("model.safetensors"), weights);
        assertTrue(run("inspect", into.toString(), "--verify") != 0);
        assertTrue(err.toString().contains("model.safetensors"), err::toString);
    }

    /** A base has no latent layers, and a stock class of latent layers cannot hold it. */
    @Test
    void whatCannotBeIsSaidBeforeAnythingIsWritten() throws Exception {
        TinyRun.in(directory);
        Path into = directory.resolve("out");
        String base = directory.resolve("base").toString();
        assertEquals(1, run("export", "--model", base, "--format", "deepseek-v3", "--out", into.toString()));
        assertTrue(err.toString().contains("layer 0 of the student is grouped-query attention"), err::toString);
        assertFalse(Files.exists(into));
    }

    /** The last weight of the file is beyond the largest half. */
    @Test
    void whatDoesNotFitItsTypeIsRefusedAndNotPraised() throws Exception {
        TinyRun.in(directory);
        Path weights = directory.resolve("base/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] = 0x47; // times 10^4 and more, in float32 as in bfloat16
        bytes[bytes.length - 2] = (byte) 0xC0;
        Files.write(weights, bytes);
        Path to = directory.resolve("half");
        String base = directory.resolve("base").toString();
        assertEquals(1, run("export", "--model", base, "--format", "llama", "--dtype", "f16", "--out", to.toString()));
        assertEquals("", out.toString(), "nothing is said of what was not written");
        assertEquals(1, err.toString().lines().count(), err::toString);
        assertTrue(err.toString().contains("beyond what F16 can hold"), err::toString);
    }
}
