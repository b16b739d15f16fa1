package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.spark.stage.Stages;

/** Targets made today on one cluster, used next week on another, where the teacher is not. */
@Tag("spark")
class TeacherAloneTest {
    @TempDir
    Path dir;

    private final List<String> lines = new ArrayList<>();
    private TinyRun tiny;
    private Path teacher;

    @BeforeEach
    void start() throws Exception {
        System.setProperty("spark.ui.enabled", "false");
        tiny = TinyRun.in(dir);
        teacher = Files.createDirectories(dir.resolve("teacher"));
        copyAll(dir.resolve("base"), teacher);
    }

    @AfterEach
    void stop() {
        System.clearProperty("spark.master");
        System.clearProperty("spark.ui.enabled");
    }

    private static void copyAll(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (Path file : list(from)) {
            Files.copy(file, to.resolve(file.getFileName()));
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    private Map<String, String> settings(String name) {
        Map<String, String> settings = tiny.settings(name, 1);
        settings.put("teacher.path", teacher.toString());
        settings.put("targets.codec", "sampled");
        settings.put("targets.samples", "20");
        return settings;
    }

    private SubmittedRun submit(String name, String master, String... command) throws Exception {
        Map<String, String> settings = settings(name);
        settings.put("corpus.sequences-per-shard", "2");
        settings.put("spark.master", master);
        settings.put("spark.executor-memory", "512m");
        return SubmittedRun.start(settings, Files.createTempFile(dir, name, ".log"), command);
    }

    private static List<Path> shards(Path targets) {
        try (Stream<Path> files = Files.list(targets)) {
            return files.filter(file -> file.toString().endsWith(".shard"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of(); // not there yet
        }
    }

    private void run(String master, Map<String, String> settings, String... stages) {
        System.setProperty("spark.master", master);
        new Pipeline(RunConfig.ofOverrides(settings), "submit/xecomla", lines::add).run(Stages.named(stages));
    }

    @Test
    void trainingNeedsTheTargetsAndNotTheTeacher() throws Exception {
        run("local[2]", settings("here"), "shard", "teacher");
        for (Path file : list(teacher)) {
            Files.delete(file);
        }
        Files.delete(teacher);
        Path there = dir.resolve("there");
        Files.createDirectories(there.resolve("shards"));
        copyAll(dir.resolve("here/shards/train"), there.resolve("shards/train"));
        copyAll(dir.resolve("here/shards/valid"), there.resolve("shards/valid"));
        copyAll(dir.resolve("here/targets"), there.resolve("targets"));

        Map<String, String> other = settings("there");
        other.put("targets.samples", "30");
        UserException refused = assertThrows(UserException.class, () -> run("local[1]", other, "init", "distill"));
        assertTrue(refused.getMessage().contains("targets.samples (there 20, asked 30)"), refused.getMessage());

        run("local[1]", settings("there"), "init", "distill");
        assertTrue(Files.exists(there.resolve("distill/_SUCCESS")));
    }

    /** One thread until the kill, two from then on: what was there is not touched again, and the bytes are the same. */
    @Test
    void aKilledTeacherGoesOnWithTheShardsThatAreMissing() throws Exception {
        submit("whole", "local[2]", "shard").awaitEnd(0);
        submit("whole", "local[2]", "teacher").awaitEnd(0);
        Path targets = dir.resolve("killed/targets");
        submit("killed", "local[2]", "shard").awaitEnd(0);
        SubmittedRun killed = submit("killed", "local[1]", "teacher");
        killed.awaitWhileRunning(() -> shards(targets).size() > 2);
        killed.process().destroyForcibly().waitFor();
        assertFalse(Files.exists(targets.resolve("_SUCCESS")), "it was killed in the middle");
        Map<Path, FileTime> before = new HashMap<>();
        for (Path shard : shards(targets)) {
            before.put(shard, Files.getLastModifiedTime(shard));
        }

        SubmittedRun resumed = submit("killed", "local[2]", "teacher");
        resumed.awaitEnd(0);
        assertTrue(resumed.output().contains("teacher  goes on in "), resumed.output());
        List<Path> made = shards(dir.resolve("whole/targets"));
        assertTrue(before.size() < made.size(), before.size() + " of " + made.size() + " shards were there");
        assertEquals(made.size(), shards(targets).size());
        for (Path shard : made) {
            Path same = targets.resolve(shard.getFileName());
            assertArrayEquals(Files.readAllBytes(shard), Files.readAllBytes(same), shard.toString());
            assertEquals(before.getOrDefault(same, Files.getLastModifiedTime(same)), Files.getLastModifiedTime(same));
        }
    }

    @Test
    void aDamagedShardIsMadeAgainAndAStrangersIsRefused() throws Exception {
        run("local[2]", settings("whole"), "shard", "teacher");
        Path targets = dir.resolve("whole/targets");
        List<Path> shards = shards(targets);
        assertTrue(shards.size() >= 3, shards.toString());
        byte[] first = Files.readAllBytes(shards.get(0));
        byte[] second = Files.readAllBytes(shards.get(1));
        FileTime untouched = Files.getLastModifiedTime(shards.get(2));

        Files.delete(targets.resolve("_SUCCESS"));
        Files.delete(shards.get(0));
        byte[] damaged = second.clone();
        damaged[damaged.length - 20] ^= 1;
        Files.write(shards.get(1), damaged);
        run("local[1]", settings("whole"), "teacher");
        assertArrayEquals(first, Files.readAllBytes(shards.get(0)));
        assertArrayEquals(second, Files.readAllBytes(shards.get(1)));
        assertEquals(untouched, Files.getLastModifiedTime(shards.get(2)));

        Map<String, String> other = settings("other");
        other.put("run.seed", "7");
        run("local[1]", other, "shard", "teacher");
        Files.delete(targets.resolve("_SUCCESS"));
        Files.copy(
                dir.resolve("other/targets").resolve(shards.get(0).getFileName()),
                shards.get(0),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        UserException stranger = assertThrows(UserException.class, () -> run("local[1]", settings("whole"), "teacher"));
        assertTrue(stranger.getMessage().contains("seed = 7, not 42"), stranger.getMessage());
    }
}
