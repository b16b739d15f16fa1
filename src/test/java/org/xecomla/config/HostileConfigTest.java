package org.xecomla.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.ConfigException;

/** Files of settings that mean harm, or are none: each is refused in a line, soon. */
class HostileConfigTest {
    private static final String CASES = "src/test/resources/cases/hostile-12-hocon/";

    @TempDir
    Path dir;

    private static void refused(String file, String... parts) {
        ConfigException e = assertTimeoutPreemptively(
                Duration.ofSeconds(10),
                () -> assertThrows(ConfigException.class, () -> RunConfig.load(file, Map.of())));
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        assertTrue(e.getMessage().length() < 500, e.getMessage());
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(dir.resolve(name), text).toString();
    }

    @Test
    void whatUnfoldsWithoutEndIsRefused() throws IOException {
        refused(CASES + "billion-laughs.conf", "once every ${...} in it stands for its value");
        StringBuilder objects = new StringBuilder("a0 { x = 1, y = 2 }\n");
        for (int i = 1; i < 40; i++) {
            objects.append("a%d { x = ${a%d}, y = ${a%d} }%n".formatted(i, i - 1, i - 1));
        }
        refused(file("objects.conf", objects.toString()), "stands for its value");
        refused(file("circle.conf", "run.dir = ${a}\na = ${b}\nb = ${a}\n"), "circle.conf");
    }

    @Test
    void whatIsNestedWithoutEndIsRefused() throws IOException {
        refused(file("deep.conf", "x=" + "[".repeat(40_000)), "deep.conf", "nested too deeply");
        refused(file("braces.conf", "a{".repeat(100_000)), "braces.conf", "nested too deeply");
        refused(file("large.conf", "#".repeat(2_000_000)), "large.conf", "2000000 bytes");
    }

    @Test
    void whatIsIncludedHasToBeThere() throws IOException {
        refused(
                CASES + "missing-include.conf",
                "no such configuration file",
                "no-such-file.conf",
                "missing-include.conf");
        refused(file("a.conf", "include file(\"/nowhere/b.conf\")\n"), "/nowhere/b.conf", "a.conf");
        refused(file("d.conf", "include file(\"/dev/zero\")\n"), "/dev/zero, which is a pipe or a device", "d.conf");
        refused(file("r.conf", "include \"../../../../../../dev/zero\"\n"), "dev/zero", "r.conf");
        file("large.conf", "#".repeat(2_000_000));
        refused(file("l.conf", "include \"large.conf\"\n"), "large.conf, which", "l.conf", "2000000 bytes");
        refused(file("u.conf", "include url(\"http://127.0.0.1:1/x.conf\")\n"), "only files of this machine");
        refused(file("self.conf", "include \"self.conf\"\n"), "self.conf", "within each other");
        for (int i = 0; i < 25; i++) {
            file("f" + i + ".conf", "include \"f%d.conf\"\ninclude \"f%d.conf\"\n".formatted(i + 1, i + 1));
        }
        file("f25.conf", "run.seed = 1\n");
        refused(dir.resolve("f0.conf").toString(), "includes more than 200 files");
        file("inner.conf", "run.seed = 12\n");
        Files.createDirectory(dir.resolve("sub"));
        file("sub/middle.conf", "include \"../inner.conf\"\n");
        RunConfig config = RunConfig.load(file("outer.conf", "include \"sub/middle.conf\"\n"), Map.of());
        assertEquals(12, config.run().seed());
    }

    @Test
    void aDirectoryIsNoFile() {
        refused(dir.toString(), "is no file of settings");
    }
}
