package org.xecomla;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code .ci/check-advisories} on libraries and advisories that are made up. */
@Tag("python")
class AdvisoriesTest {
    @TempDir
    private Path directory;

    /** What the check says of one library, which carries another within itself: its lines, last its exit status. */
    private List<String> check(String version, String innerVersion, String advisories) throws Exception {
        Path jar = directory.resolve("made-up.jar");
        jar(jar, "com.example", "inner", innerVersion);
        Path list = Files.writeString(
                directory.resolve("list.txt"),
                "\nThe following files have been resolved:\n   com.example:made-up:jar:" + version + ":compile:" + jar
                        + " -- module x\n   com.example:tested:jar:1.0:test:" + jar + "\n");
        Path known = Files.writeString(directory.resolve("advisories.txt"), "# a comment\n" + advisories);
        Process check = new ProcessBuilder(
                        "python3", ".ci/check-advisories", "--advisories", known.toString(), list.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return List.of(said.strip(), String.valueOf(check.waitFor()));
    }

    private static void jar(Path jar, String group, String artifact, String version) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("META-INF/maven/" + group + "/" + artifact + "/pom.properties"));
            String properties = "#made\ngroupId=" + group + "\nartifactId=" + artifact + "\nversion=" + version + "\n";
            zip.write(properties.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String entry(String artifact, String affected, String excuse) {
        String why = excuse == null ? "" : "\nExcuse: " + excuse;
        return "Artifact: com.example:" + artifact + "\nAffected: " + affected + "\nIds: CVE-1" + why + "\n\n";
    }

    private static List<String> found(String line, int libraries, int entries, int excused) {
        String counts = libraries + " libraries, " + entries + " entries, " + excused + " excused, ";
        return line == null
                ? List.of("advisories: " + counts + "0 failed", "0")
                : List.of("advisories: " + line + "\nadvisories: " + counts + "1 failed", "1");
    }

    @Test
    void affectedVersionsNeedAnExcuse() throws Exception {
        assertEquals(
                found("com.example:made-up:1.9.1 has CVE-1 (versions [1.0,1.10))", 2, 1, 0),
                check("1.9.1", "1.0", entry("made-up", "[1.0,1.10)", null)));
        assertEquals(
                found(null, 2, 1, 1), check("1.9.1", "1.0", entry("made-up", "[1.0,1.10)", "never called,\n  at all")));
    }

    @Test
    void excusesThatAreNotNeededGo() throws Exception {
        assertEquals(
                found("com.example:made-up [1.0,1.10) (CVE-1): the excuse is not needed any more", 2, 1, 0),
                check("1.10", "1.0", entry("made-up", "[1.0,1.10)", "never called")));
    }

    @Test
    void librariesInsideOthersCount() throws Exception {
        assertEquals(
                found(
                        "com.example:inner:2.0-M2, inside com.example:made-up:1.0 has CVE-1 (versions "
                                + "(,1.5],(1.9,2.0))",
                        2,
                        1,
                        0),
                check("1.0", "2.0-M2", entry("inner", "(,1.5],(1.9,2.0)", null)));
        assertEquals(found(null, 2, 1, 0), check("1.0", "2.0.0.Final", entry("inner", "(,1.5],(1.9,2)", null)));
    }

    @Test
    void whatOnlyTestsUseDoesNot() throws Exception {
        assertEquals(found(null, 2, 1, 0), check("1.0", "1.0", entry("tested", "(,9)", null)));
    }
}
