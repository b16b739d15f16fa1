package org.xecomla.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.errors.UserException;
import org.xecomla.files.StageDirectory.State;

class StageDirectoryTest {
    private static final Manifest ASKED = Manifest.asked(
            "shards",
            1,
            Map.of("sequence.length", "256", "corpus.text-key", "text"),
            42,
            "abc",
            Map.of("corpus", "12"));

    @TempDir
    java.nio.file.Path temporary;

    private StageDirectory stage;

    @BeforeEach
    void nameDirectory() {
        stage = new StageDirectory(DataFiles.path(temporary + "/shards"));
    }

    private String refusal(Manifest asked) {
        UserException e = assertThrows(UserException.class, () -> stage.examine(asked));
        assertFalse(e.getMessage().contains("\n"));
        return e.getMessage().replace(DataFiles.display(stage.path()), "DIR");
    }

    @Test
    void absentThenPartialThenComplete() {
        assertEquals(State.ABSENT, stage.examine(ASKED));
        assertEquals(State.ABSENT, stage.prepare(ASKED));
        assertEquals(State.PARTIAL, stage.examine(ASKED));
        assertEquals(ASKED, stage.manifest());
        DataFiles.writeString(stage.file("part-0"), "abc");
        DataFiles.writeString(stage.file("step-10/weights"), "");
        assertEquals(State.PARTIAL, stage.prepare(ASKED));
        assertEquals(
                "DIR is not complete: it has no _SUCCESS, run the stage that makes it again",
                assertThrows(UserException.class, () -> stage.requireComplete("shards"))
                        .getMessage()
                        .replace(DataFiles.display(stage.path()), "DIR"));

        stage.complete(ASKED, Map.of("sequences", 7L));
        assertEquals(State.COMPLETE, stage.examine(ASKED));
        Manifest finished = stage.requireComplete("shards");
        assertEquals(Map.of("sequences", 7L), finished.counts());
        assertEquals(
                new Manifest.FileEntry(3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                finished.files().get("part-0"));
        assertEquals(Set.of("part-0", "step-10/weights"), finished.files().keySet());
        stage.verify();
    }

    @Test
    void leftoversOfKilledTasksAreRemoved() throws IOException {
        stage.begin(ASKED);
        DataFiles.writeString(stage.file("step-10/weights"), "");
        java.nio.file.Path leftover = temporary.resolve("shards/step-10/.weights.0123.tmp");
        Files.createFile(leftover);
        stage.complete(ASKED, Map.of());
        assertFalse(Files.exists(leftover));
        assertEquals(Set.of("step-10/weights"), stage.manifest().files().keySet());
    }

    @Test
    void anUpgradeOfTheSourcesGoesOn() {
        stage.begin(ASKED);
        Manifest later = Manifest.asked("shards", 1, ASKED.settings(), 42, "def", ASKED.inputs());
        assertEquals(State.PARTIAL, stage.examine(later));
    }

    @Test
    void anotherConfigurationIsRefusedWithTheKeys() {
        stage.begin(ASKED);
        Manifest other = Manifest.asked(
                "shards", 1, Map.of("sequence.length", "512", "corpus.split", "a"), 43, "abc", Map.of("corpus", "13"));
        String expected =
                "DIR was made by another configuration: seed (there 42, asked 43); corpus.split (there not set,"
                        + " asked a); corpus.text-key (there text, asked not set); sequence.length (there 256, "
                        + "asked 512); input"
                        + " corpus (there 12, asked 13): remove it or choose another directory";
        assertEquals(expected, refusal(other));
        stage.complete(ASKED, Map.of());
        assertEquals(expected, refusal(other));
        assertTrue(refusal(Manifest.asked("targets", 2, ASKED.settings(), 42, "abc", ASKED.inputs()))
                .startsWith(
                        "DIR was made by another configuration: kind (there shards, asked targets); format version"));
    }

    @Test
    void whatIsNoOutputIsRefused() {
        DataFiles.writeString(stage.file("thesis.txt"), "mine");
        assertEquals(
                "DIR is not empty and no output of a stage (it has no manifest.json): remove it or choose another "
                        + "directory",
                refusal(ASKED));
        DataFiles.delete(stage.file("thesis.txt"));
        assertEquals(State.ABSENT, stage.examine(ASKED));
        DataFiles.writeString(stage.file(StageDirectory.MANIFEST), "{");
        assertTrue(refusal(ASKED).startsWith("DIR/manifest.json is not a manifest: "), refusal(ASKED));
    }

    @Test
    void damageIsNoticed() {
        stage.begin(ASKED);
        DataFiles.writeString(stage.file("part-0"), "abc");
        DataFiles.writeString(stage.file("part-1"), "abc");
        stage.complete(ASKED, Map.of());
        DataFiles.writeString(stage.file("part-0"), "abd");
        assertEquals(State.COMPLETE, stage.examine(ASKED), "lengths only, at every start");
        assertTrue(assertThrows(UserException.class, stage::verify).getMessage().endsWith("manifest says: part-0"));
        DataFiles.writeString(stage.file("part-0"), "ab");
        assertEquals(
                "DIR/part-0 does not have the 3 bytes of its manifest, though DIR is marked complete: remove the "
                        + "directory"
                        + " and run again",
                refusal(ASKED));
        DataFiles.delete(stage.file("part-0"));
        assertTrue(refusal(ASKED).startsWith("DIR/part-0 is missing, though"), refusal(ASKED));
    }

    /** What lies on the disk may have changed since: the manifest says what was meant. */
    @Test
    void digestsAreOfWhatWasWrittenNotOfWhatIsFound() throws Exception {
        stage.begin(ASKED);
        DataFiles.writeString(stage.file("a.json"), "{1}");
        java.nio.file.Path file = java.nio.file.Path.of(DataFiles.display(stage.file("a.json")));
        Files.writeString(file, "{2}");
        stage.complete(ASKED, Map.of());
        String message = assertThrows(UserException.class, () -> stage.readString("a.json"))
                .getMessage();
        assertTrue(message.contains("a.json is not what was written"), message);
        assertEquals(
                List.of("_SUCCESS", "a.json", "manifest.json"),
                Arrays.stream(file.getParent().toFile().list()).sorted().toList());
    }

    /** A bit may flip on the way to the next reader within the stage, too. */
    @Test
    void whatIsReadAgainBeforeTheEndIsCompared() throws Exception {
        stage.begin(ASKED);
        DataFiles.writeString(stage.file("a.json"), "{1}");
        assertEquals("{1}", stage.readString("a.json"));
        Files.writeString(java.nio.file.Path.of(DataFiles.display(stage.file("a.json"))), "{2}");
        String message = assertThrows(UserException.class, () -> stage.readString("a.json"))
                .getMessage();
        assertTrue(message.contains("a.json is not what was written"), message);
    }

    @Test
    void aManifestThatHasChangedSinceIsRefused() {
        stage.begin(ASKED);
        stage.complete(ASKED, Map.of("steps", 12L));
        String text = DataFiles.readString(stage.file(StageDirectory.MANIFEST));
        DataFiles.writeString(stage.file(StageDirectory.MANIFEST), text.replace("12", "13"));
        String message =
                assertThrows(UserException.class, () -> stage.count("steps")).getMessage();
        assertTrue(message.contains("manifest.json is not what was written, says _SUCCESS"), message);
        DataFiles.writeString(stage.file(StageDirectory.SUCCESS), ""); // as versions before have left it
        assertEquals(13, stage.count("steps"));
    }

    /** A driver that has slept while another finished the stage replaces nothing. */
    /** No bit that is wrong where the beginning is read again comes under the seal. */
    @Test
    void whatWasAskedIsSealedAsItIsKnown() {
        stage.begin(ASKED);
        String text = DataFiles.readString(stage.file(StageDirectory.MANIFEST));
        DataFiles.writeString(
                stage.file(StageDirectory.MANIFEST), text.replace(ASKED.revision(), ASKED.revision() + "'"));
        stage.complete(ASKED, Map.of());
        assertEquals(ASKED.revision(), stage.manifest().revision());
    }

    @Test
    void anEarlierDriverDoesNotPublish() {
        stage.begin(ASKED);
        stage.complete(ASKED, Map.of("steps", 12L), Optional.of(new RunFence(stage.path(), 3)));
        assertTrue(DataFiles.readString(stage.file(StageDirectory.SUCCESS)).endsWith(" fence 3\n"));
        String message = assertThrows(
                        UserException.class,
                        () -> stage.complete(ASKED, Map.of("steps", 13L), Optional.of(new RunFence(stage.path(), 2))))
                .getMessage();
        assertTrue(message.contains("was finished by a later driver of this run (number 3, this is 2)"), message);
        assertEquals(12, stage.count("steps"));
        stage.complete(ASKED, Map.of("steps", 13L), Optional.of(new RunFence(stage.path(), 4)));
        assertEquals(13, stage.count("steps"));
    }

    /** A driver that overslept, and writes into a stage that another has finished, adds nothing to it. */
    @Test
    void aLateWriterLeavesNothingBehind() {
        stage.begin(ASKED);
        DataFiles.writeString(stage.file("report.json"), "{}");
        stage.complete(ASKED, Map.of());
        DataFiles.writeString(stage.file("report.json"), "{}");
        for (String name : List.of("late.json", "metrics/late.jsonl")) {
            String message = assertThrows(UserException.class, () -> DataFiles.writeString(stage.file(name), "{}"))
                    .getMessage();
            assertTrue(message.contains("shards is finished, and takes no late.json"), message);
        }
        DataFiles.delete(stage.file("metrics"));
        assertEquals(
                List.of("_SUCCESS", "manifest.json", "report.json"),
                Arrays.stream(temporary.resolve("shards").toFile().list())
                        .sorted()
                        .toList());
        stage.verify();
    }

    /** A finished directory within is known by its own manifest, and its files are not read again. */
    @Test
    void whatWasSealedWithinIsTakenFromItsManifest() throws Exception {
        stage.begin(ASKED);
        StageDirectory within = new StageDirectory(stage.file("step-1"));
        within.begin(ASKED);
        DataFiles.writeString(within.file("weights"), "{1}");
        within.complete(ASKED, Map.of());
        Path weights = within.file("weights");
        Files.writeString(java.nio.file.Path.of(DataFiles.display(weights)), "{2}");
        stage.complete(ASKED, Map.of());
        assertEquals(
                Set.of("step-1/_SUCCESS", "step-1/manifest.json", "step-1/weights"),
                stage.manifest().files().keySet());
        UserException e = assertThrows(UserException.class, stage::verify);
        assertTrue(e.getMessage().endsWith(": step-1/weights"), e.getMessage());
    }

    /** Whatever a manifest says, it is a line with the file's name and none of the program's classes. */
    @Test
    void manifestsThatSayWhatCannotBeAreRefused() {
        for (String text : List.of(
                "null",
                "[]",
                "{",
                "{}",
                "{\"kind\":\"shards\",\"formatVersion\":\"x\"}",
                "{\"kind\":\"shards\",\"files\":{\"a\":null}}",
                "{\"kind\":\"shards\",\"files\":{\"../a\":{\"bytes\":1,\"sha256\":\"b\"}}}",
                "{\"kind\":\"shards\",\"files\":{\"\":{\"bytes\":1,\"sha256\":\"b\"}}}",
                "{\"kind\":\"shards\",\"files\":{\"a:b\":{\"bytes\":1,\"sha256\":\"b\"}}}",
                "{\"kind\":\"shards\",\"counts\":{\"a\":null}}",
                "{\"kind\":\"shards\",\"settings\":{\"a\":null}}",
                "{\"kind\":\"shards\",\"kind\":\"targets\"}",
                "{\"kind\":\"shards\"} and more")) {
            DataFiles.writeString(stage.file(StageDirectory.MANIFEST), text);
            DataFiles.writeString(stage.file(StageDirectory.SUCCESS), "");
            String message =
                    assertThrows(UserException.class, stage::manifest, text).getMessage();
            assertTrue(message.contains("/manifest.json is not a manifest: "), message);
            assertFalse(message.contains("xecomla.files") || message.contains("jackson"), message);
        }
        DataFiles.writeString(stage.file(StageDirectory.MANIFEST), "{\"kind\":\"distill\"}");
        String message =
                assertThrows(UserException.class, () -> stage.count("steps")).getMessage();
        assertTrue(message.contains("does not say how many steps"), message);
    }

    @Test
    void statusesThatCannotBeAreRefused() {
        for (String text : List.of(
                "null",
                "{}",
                "{\"state\":\"ODD\"}",
                "{\"state\":\"RUNNING\",\"started\":\"today\"}",
                "{\"state\":\"RUNNING\",\"started\":\"2026-01-01T00:00:00Z\",\"expires\":\"soon\"}")) {
            DataFiles.writeString(stage.file(RunStatus.FILE), text);
            String message = assertThrows(UserException.class, () -> RunStatus.read(stage.path()), text)
                    .getMessage();
            assertTrue(message.contains("/_STATUS.json is not a run's status: "), message);
            assertFalse(message.contains("xecomla.files"), message);
        }
    }

    @Test
    void wrongInputsAreNamed() {
        assertTrue(
                assertThrows(UserException.class, stage::manifest).getMessage().contains("has no manifest.json"));
        stage.begin(ASKED);
        stage.complete(ASKED, Map.of());
        assertTrue(assertThrows(UserException.class, () -> stage.requireComplete("targets"))
                .getMessage()
                .endsWith("holds shards, not targets"));
    }

    /** Its bytes are nobody's result: a run in which a file was once read wrong ends with the manifest of any other. */
    @Test
    void whatWasSetAsideIsNoPartOfAStage() {
        stage.begin(ASKED);
        DataFiles.writeString(stage.file("kept/model"), "kept");
        DataFiles.writeString(stage.file("damaged-kept/model"), "damaged");
        stage.complete(ASKED, Map.of());
        assertEquals(Set.of("kept/model"), stage.manifest().files().keySet());
        stage.verify();
    }

    @Test
    void statusComesBack() {
        Path directory = DataFiles.path(temporary + "/run");
        Instant started = Instant.parse("2026-11-26T08:00:00Z");
        RunStatus running = RunStatus.running("distill", "app-1", started).at(120, 500, 99_000, 2.25, 75);
        running.write(directory, Duration.ofSeconds(60));
        RunStatus read = RunStatus.read(directory);
        assertEquals(120, read.step());
        assertEquals(75, read.secondsLeft());
        assertEquals("2026-11-26T08:00:00Z", read.started());
        RunStatus failed = read.ended(RunStatus.State.FAILED, "no \"such\" file");
        failed.write(directory, Duration.ofSeconds(60));
        assertEquals(RunStatus.State.FAILED, RunStatus.read(directory).state());
        assertEquals(failed.error(), RunStatus.read(directory).error());
        DataFiles.writeString(new Path(directory, RunStatus.FILE), "?");
        assertThrows(UserException.class, () -> RunStatus.read(directory));
    }

    /** Whoever reads what a driver said before it was killed can tell that it is no longer true. */
    @Test
    void whatADriverSaysExpiresUnlessItHasEnded() {
        Path directory = DataFiles.path(temporary + "/run");
        RunStatus.running("distill", "app-1", Instant.now()).write(directory, Duration.ofSeconds(60));
        RunStatus running = RunStatus.read(directory);
        Instant updated = Instant.parse(running.updated());
        assertFalse(running.hasExpired(updated.plusSeconds(60)));
        assertTrue(running.hasExpired(updated.plusSeconds(61)));
        running.ended(RunStatus.State.SUCCEEDED, null).write(directory, Duration.ofSeconds(60));
        assertFalse(RunStatus.read(directory).hasExpired(updated.plusSeconds(1_000_000)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"manifest-null.json", "manifest-empty-object.json", "status-null.json"})
    void recordsThatSayNothingAreOneLine(String name, @TempDir java.nio.file.Path run) throws IOException {
        boolean isStatus = name.startsWith("status");
        java.nio.file.Path file = run.resolve(isStatus ? RunStatus.FILE : "manifest.json");
        Files.copy(java.nio.file.Path.of("src/test/resources/cases/hostile-13-json-null", name), file);
        UserException e = assertThrows(UserException.class, () -> {
            if (isStatus) {
                RunStatus.read(DataFiles.path(run.toString()));
            } else {
                Manifest.read(DataFiles.path(file.toString()));
            }
        });
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }
}
