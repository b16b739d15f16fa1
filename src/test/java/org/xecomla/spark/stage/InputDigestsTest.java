package org.xecomla.spark.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.run.RunLayout;
import org.xecomla.spark.TinyRun;
import org.xecomla.spark.driver.RunContext;

/** Stages that read the base compare it with the one that the student was made from. */
class InputDigestsTest {
    @TempDir
    Path dir;

    private RunContext context(String... more) throws Exception {
        Map<String, String> settings = new HashMap<>(TinyRun.in(dir).settings("run", 1));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        RunConfig config = RunConfig.ofOverrides(settings);
        return new RunContext(config, RunLayout.of(config), line -> {});
    }

    private Path base() {
        return dir.resolve("base");
    }

    private void madeFromTheBase(RunContext context) {
        StageDirectory made = context.layout().studentInit();
        String fingerprint = Fingerprints.anew().of(DataFiles.path(base().toString()));
        made.begin(Manifest.asked(InitStage.KIND, 1, Map.of(), 0, "", Map.of("base", fingerprint)));
        made.complete(made.manifest(), Map.of());
    }

    private void flipABit() throws Exception {
        Path weights = base().resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 4] ^= 1;
        Files.write(weights, bytes);
    }

    private String refusal(RunContext context) {
        return "the base in " + base() + " is no longer the one that "
                + DataFiles.display(context.layout().studentInit().path())
                + " was made from: it has been replaced, or is damaged. Bring it back, or remove that directory and"
                + " run again";
    }

    @Test
    void aFlippedBitBetweenInitAndDistillIsNamed() throws Exception {
        RunContext context = context("distill.hidden-loss", "mse");
        madeFromTheBase(context);
        UserException missing = assertThrows(UserException.class, () -> DistillStage.runHere(context, null));
        assertFalse(missing.getMessage().contains("the base in"), missing.getMessage());
        flipABit();
        UserException e = assertThrows(UserException.class, () -> DistillStage.runHere(context, null));
        assertEquals(refusal(context), e.getMessage());
    }

    @Test
    void aFlippedBitBetweenInitAndEvalIsNamed() throws Exception {
        RunContext context = context();
        madeFromTheBase(context);
        flipABit();
        Map<String, org.apache.hadoop.fs.Path> models = Map.of("base", DataFiles.path(base().toString()));
        StageDirectory output = context.layout().eval();
        UserException e = assertThrows(UserException.class, () -> EvalStage.runHere(context, output, models));
        assertEquals(refusal(context), e.getMessage());
    }
}
