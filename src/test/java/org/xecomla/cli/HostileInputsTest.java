package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.hostile.Damage;
import org.xecomla.hostile.HostileInput;

/**
 * Every kind of file, damaged in every way: each is refused in one line, or read as if it were sound, or says something
 * else as another sound file would. Prints how many there were of each.
 */
class HostileInputsTest {
    private static final int SECONDS = 20;

    private enum Outcome {
        REFUSED,
        HARMLESS,
        ANOTHER_FILE,
        UNCLEAR,
        WRONG,
        TRACE,
        CRASH,
        HUNG
    }

    @TempDir
    private Path dir;

    private ExecutorService thread = Executors.newSingleThreadExecutor(HostileInputsTest::daemon);
    /** What the sound files say, by the kind. */
    private final Map<String, String> whole = new HashMap<>();

    private final List<String> found = new ArrayList<>();

    private static Thread daemon(Runnable task) {
        Thread made = new Thread(task);
        made.setDaemon(true);
        return made;
    }

    @AfterEach
    void stop() {
        thread.shutdownNow();
    }

    @Test
    void aSample() throws Exception {
        refuseOrRead(120, 1);
    }

    @Test
    @Tag("hostile")
    void thousands() throws Exception {
        refuseOrRead(Integer.getInteger("hostile.inputs", 2000), Long.getLong("hostile.seed", 2));
    }

    private void refuseOrRead(int number, long seed) throws Exception {
        Map<String, Map<Outcome, Integer>> table = new LinkedHashMap<>();
        List<HostileInput> inputs = HostileInput.all();
        for (int i = 0; i < number; i++) {
            HostileInput input = inputs.get(i % inputs.size());
            Damage damage = Damage.values()[i / inputs.size() % Damage.values().length];
            Outcome outcome = outcome(input, damage, seed * 1_000_003 + i);
            table.computeIfAbsent(input.name(), name -> new EnumMap<>(Outcome.class))
                    .merge(outcome, 1, Integer::sum);
        }
        print(number, table);
        assertEquals(List.of(), found);
    }

    private Outcome outcome(HostileInput input, Damage damage, long seed) throws Exception {
        Path place = Files.createTempDirectory(dir, "input");
        input.files().make(place);
        Path file = place.resolve(input.file());
        String expected = whole.computeIfAbsent(input.name(), name -> read(input, place));
        byte[] sound = Files.readAllBytes(file);
        byte[] damaged = damage.damaged(sound, seed);
        if (Arrays.equals(sound, damaged)) {
            return Outcome.HARMLESS;
        }
        Files.write(file, damaged);
        Future<String> read = thread.submit(() -> input.reader().read(place));
        try {
            String said = read.get(SECONDS, TimeUnit.SECONDS);
            return said.equals(expected)
                    ? Outcome.HARMLESS
                    : input.isOtherFile(sound, damaged)
                            ? Outcome.ANOTHER_FILE
                            : note(Outcome.WRONG, input, damage, seed, "read as something else");
        } catch (ExecutionException e) {
            return refused(e.getCause(), input, damage, seed, place);
        } catch (TimeoutException e) {
            thread = Executors.newSingleThreadExecutor(HostileInputsTest::daemon);
            return note(Outcome.HUNG, input, damage, seed, "no end after " + SECONDS + " s");
        }
    }

    private static String read(HostileInput input, Path place) {
        try {
            return input.reader().read(place);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Outcome refused(Throwable thrown, HostileInput input, Damage damage, long seed, Path place) {
        Refusal refusal = Refusal.of(thrown, place, "");
        Outcome outcome =
                switch (refusal.kind()) {
                    case CLEAR -> Outcome.REFUSED;
                    case UNCLEAR -> Outcome.UNCLEAR;
                    case TRACE -> Outcome.TRACE;
                    case CRASH -> Outcome.CRASH;
                };
        return outcome == Outcome.REFUSED ? outcome : note(outcome, input, damage, seed, refusal.line());
    }

    private Outcome note(Outcome outcome, HostileInput input, Damage damage, long seed, String what) {
        String shown = what.length() > 300 ? what.substring(0, 300) + "..." : what;
        found.add("\n" + outcome + ": " + input + ", " + damage + ", seed " + seed + ": " + shown);
        return outcome;
    }

    private static void print(int number, Map<String, Map<Outcome, Integer>> table) {
        StringBuilder text = new StringBuilder(number + " damaged inputs\n" + String.format("%-24s", "kind"));
        for (Outcome outcome : Outcome.values()) {
            text.append(String.format(
                    "%14s", outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ')));
        }
        int[] sums = new int[Outcome.values().length];
        table.forEach((kind, counts) -> {
            text.append(String.format("%n%-24s", kind));
            for (Outcome outcome : Outcome.values()) {
                int count = counts.getOrDefault(outcome, 0);
                sums[outcome.ordinal()] += count;
                text.append(String.format("%14d", count));
            }
        });
        text.append(String.format("%n%-24s", "all"));
        Arrays.stream(sums).forEach(sum -> text.append(String.format("%14d", sum)));
        System.out.println(text);
    }

    /** The reader of every kind reads what is sound, and the same twice. */
    @Test
    void soundFilesAreRead() throws IOException {
        for (HostileInput input : HostileInput.all()) {
            Path place = Files.createTempDirectory(dir, "sound");
            input.files().make(place);
            String said = input.reader().read(place);
            assertEquals(said, input.reader().read(place), input.name());
            assertTrue(said.length() > 20, input.name() + ": " + said);
        }
    }
}
