package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The golden files can be made anew: same seed, same values, up to what compare_goldens.py allows. */
@Tag("python")
class GoldenFilesTest {
    private static final String SCRIPTS = "src/main/scripts/goldens/";

    @TempDir
    private Path dir;

    @Test
    void whatTheScriptMakesLiesHere() throws Exception {
        List<String> said = run("src/main/scripts/python-env", "export").lines().toList();
        String python = said.get(said.size() - 1); // behind what the installation of packages says
        String made = dir.resolve("golden").toString();
        run(python, "-B", SCRIPTS + "make_goldens.py", made);
        System.out.print(run(python, "-B", SCRIPTS + "compare_goldens.py", made, "src/test/resources/golden"));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), List.of(command) + ": " + said);
        return said;
    }
}
