package org.xecomla.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;

/** Models of one tokenizer whose vocabularies are padded to different lengths. */
class CommonIdsTest {
    @TempDir
    java.nio.file.Path dir;

    private static ModelConfig model(int vocabSize) {
        List<AttentionConfig> layers = List.of(new AttentionConfig.Gqa(2, 1, 4, RopeScaling.NONE));
        return new ModelConfig(8, 8, vocabSize, 16, 1e-5, 1e4, true, -1, -1, layers);
    }

    private Path tokenizer(String name, String... tokens) throws IOException {
        java.nio.file.Path place = Files.createDirectories(dir.resolve(name));
        StringBuilder vocab = new StringBuilder();
        for (int id = 0; id < tokens.length; id++) {
            vocab.append(id == 0 ? "" : ",")
                    .append('"')
                    .append(tokens[id])
                    .append("\":")
                    .append(id);
        }
        Files.writeString(place.resolve("tokenizer.json"), "{\"model\":{\"type\":\"BPE\",\"vocab\":{" + vocab + "}}}");
        return DataFiles.path(place.toString());
    }

    @Test
    void theFirstIdsAreComparedAndTheOthersSaid() throws IOException {
        Path teacher = tokenizer("teacher", "a", "b", "c");
        Path run = tokenizer("run", "a", "b", "c");
        CommonIds common = CommonIds.of(model(9), teacher, model(5), run);
        assertEquals(5, common.number());
        assertEquals(
                "the teacher's vocabulary has 9 ids and the student's 5, by the same tokenizer: compared are ids 0 to"
                        + " 4; 5 to 8, padding that only the teacher has, are left out",
                common.note().orElseThrow());
        CommonIds other = CommonIds.of(model(4), teacher, model(5), run);
        assertEquals(4, other.number());
        assertTrue(other.note().orElseThrow().endsWith("4 to 4, padding that only the student has, are left out"));
        assertEquals(
                Optional.empty(), CommonIds.of(model(5), teacher, model(5), run).note());
    }

    @Test
    void otherTokenizersAreRefusedWithTheIds() throws IOException {
        Path teacher = tokenizer("teacher", "a", "x", "c");
        Path run = tokenizer("run", "a", "b", "c");
        refused("id 1 is \"b\" and \"x\"", () -> CommonIds.of(model(9), teacher, model(5), run));
        refused("id 1 is \"b\" and \"x\"", () -> CommonIds.of(model(5), teacher, model(5), run));
    }

    @Test
    void withoutATokenizerOnlyAsManyIdsAreTrusted() throws IOException {
        Path run = tokenizer("run", "a", "b", "c");
        Path nothing = DataFiles.path(dir.resolve("nothing").toString());
        assertEquals(5, CommonIds.of(model(5), nothing, model(5), run).number());
        refused("9 ids and the student's 5", () -> CommonIds.of(model(9), nothing, model(5), run));
    }

    @Test
    void aTokenThatOneModelHasNotIsNoPadding() throws IOException {
        Path run = tokenizer("run", "a", "b", "c", "d");
        refused("a token of id 3", () -> CommonIds.of(model(3), run, model(5), run));
    }

    private static void refused(String what, Runnable call) {
        ConfigException failure = assertThrows(ConfigException.class, call::run);
        assertTrue(failure.getMessage().contains(what), failure.getMessage());
    }
}
