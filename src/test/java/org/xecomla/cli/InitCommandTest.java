package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.spark.TinyRun;
import org.xecomla.spark.stage.InitStage;
import picocli.CommandLine;

class InitCommandTest {
    @TempDir
    Path dir;

    /** What the command writes says what it was made from, and a flipped bit of it is noticed. */
    @Test
    void theStudentHasAManifest() throws Exception {
        TinyRun tiny = TinyRun.in(dir);
        Path out = dir.resolve("student");
        List<String> words = new ArrayList<>(List.of("init", "--base", dir + "/base", "--out", out.toString()));
        tiny.settings("unused", 1).forEach((key, value) -> {
            if (!key.equals("base.path")) {
                words.addAll(List.of("-D", key + "=" + value));
            }
        });
        StringWriter errors = new StringWriter();
        CommandLine main = Main.commandLine();
        main.setErr(new PrintWriter(errors));
        main.setOut(new PrintWriter(new StringWriter()));
        assertEquals(0, main.execute(words.toArray(String[]::new)), errors::toString);

        StageDirectory student = new StageDirectory(DataFiles.path(out.toString()));
        Manifest manifest = student.requireComplete(InitStage.KIND);
        assertEquals("6", manifest.settings().get("upcycle.kv-lora-rank"));
        assertEquals(
                Fingerprints.anew().of(DataFiles.path(dir + "/base")),
                manifest.inputs().get("base"));
        assertEquals(2, student.count("layers made latent"));
        student.verify();

        Path weights = out.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length / 2] ^= 1;
        Files.write(weights, bytes);
        String message = assertThrows(UserException.class, () -> TinyRun.weights(ModelDirectory.open(student.path())))
                .getMessage();
        assertTrue(message.contains("model.safetensors is not what was written"), message);
    }
}
