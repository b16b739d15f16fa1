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

    private int run(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(new StringWriter()))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    @Test
    void anExportHasAManifestThatInspectVerifies() throws Exception {
        TinyRun.in(directory);
        String base = directory.resolve("base").toString();
        Path out = directory.resolve("out");
        assertEquals(
                0,
                run("export", "--model", base, "--format", "llama", "--dtype", "f32", "--out", out.toString()),
                err::toString);
        StageDirectory export = new StageDirectory(DataFiles.path(out.toString()));
        assertTrue(export.isComplete());
        Manifest manifest = export.requireComplete("export");
        assertEquals("llama", manifest.settings().get("export.format"));
        assertEquals("f32", manifest.settings().get("export.dtype"));
        assertTrue(manifest.inputs().containsKey("student"));
        for (String file : new String[] {"model.safetensors", "config.json", "tokenizer.json", "README.md"}) {
            assertTrue(manifest.files().containsKey(file), file + " of " + manifest.files());
        }
        assertEquals(0, run("inspect", out.toString(), "--verify"), err::toString);

        byte[] weights = Files.readAllBytes(out.resolve("model.safetensors"));
        weights[weights.length / 2] ^= 1;
        Files.write(out.resolve("model.safetensors"), weights);
        assertTrue(run("inspect", out.toString(), "--verify") != 0);
        assertTrue(err.toString().contains("model.safetensors"), err::toString);
    }

    /** A base has no latent layers, and a stock class of latent layers cannot hold it. */
    @Test
    void whatCannotBeIsSaidBeforeAnythingIsWritten() throws Exception {
        TinyRun.in(directory);
        Path out = directory.resolve("out");
        String base = directory.resolve("base").toString();
        assertEquals(1, run("export", "--model", base, "--format", "deepseek-v3", "--out", out.toString()));
        assertTrue(err.toString().contains("layer 0 of the student is grouped-query attention"), err::toString);
        assertFalse(Files.exists(out));
    }
}
