package org.xecomla;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.xecomla.cli.Main;

/** What the README names is there. */
class ReadmeTest {
    private static String readme;

    @BeforeAll
    static void read() throws IOException {
        readme = Files.readString(Path.of("README.md"));
    }

    private static List<String> all(String pattern) {
        List<String> found = Pattern.compile(pattern)
                .matcher(readme)
                .results()
                .map(result -> result.group(1))
                .distinct()
                .toList();
        assertTrue(found.size() > 2, "the README names none: " + pattern);
        return found;
    }

    private static List<String> missing(Stream<String> paths) {
        return paths.filter(path -> !Files.exists(Path.of(path))).toList();
    }

    @Test
    void linksLeadSomewhere() {
        assertEquals(List.of(), missing(all("\\]\\(([^)#]+)\\)").stream().filter(path -> !path.startsWith("http"))));
    }

    @Test
    void filesAndClassesAreThere() {
        assertEquals(List.of(), missing(all("\\b((?:conf|submit|src)/[\\w./-]*\\w)").stream()));
        assertEquals(
                List.of(),
                missing(all("`([a-z]+/[A-Z]\\w+)`").stream()
                        .map(name -> "src/main/java/org/xecomla/" + name + ".java")));
    }

    @Test
    void commandsAndProfilesAreThere() throws IOException {
        Set<String> commands = Main.commandLine().getSubcommands().keySet();
        for (String command : all("submit/xecomla +([a-z]+)")) {
            assertTrue(commands.contains(command), command);
        }
        String build = Files.readString(Path.of("pom.xml"));
        for (String profile : all("-P([a-z0-9]+)")) {
            assertTrue(build.contains("<id>" + profile + "</id>"), profile);
        }
    }

    @Test
    void continuousIntegrationRunsTheTwoCommands() throws IOException {
        String ci = Files.readString(Path.of(".ci/run"));
        Matcher block = Pattern.compile("## Two commands.*?```\n(.*?)```", Pattern.DOTALL)
                .matcher(readme);
        assertTrue(block.find());
        List<String> commands = block.group(1).lines().toList();
        assertEquals(List.of("submit/xecomla run --conf conf/demo.conf", "mvn verify"), commands);
        assertTrue(ci.contains(commands.get(0)) && ci.replace(" -B -ntp", "").contains(commands.get(1)), ci);
    }
}
