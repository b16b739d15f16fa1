package org.xecomla;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.xecomla.cli.Main;

/** What the README and the pages name is there. */
class ReadmeTest {
    private static String readme;
    private static Map<Path, String> pages; // README among them

    @BeforeAll
    static void read() throws IOException {
        readme = Files.readString(Path.of("README.md"));
        pages = new TreeMap<>(Map.of(Path.of("README.md"), readme));
        for (Path page : List.of(Path.of("CONTRIBUTING.md"), Path.of("CHANGELOG.md"))) {
            pages.put(page, Files.readString(page));
        }
        try (DirectoryStream<Path> site = Files.newDirectoryStream(Path.of("src/site/markdown"), "*.md")) {
            for (Path page : site) {
                pages.put(page, Files.readString(page));
            }
        }
    }

    /** What {@code pattern} finds in each page, with the page. */
    private static Stream<Map.Entry<Path, String>> all(String pattern) {
        Pattern compiled = Pattern.compile(pattern);
        List<Map.Entry<Path, String>> found = pages.entrySet().stream()
                .flatMap(page -> compiled.matcher(page.getValue())
                        .results()
                        .map(result -> Map.entry(page.getKey(), result.group(1))))
                .distinct()
                .toList();
        assertTrue(found.size() > 2, "the pages name none: " + pattern);
        return found.stream();
    }

    private static void assertThere(Stream<Map.Entry<Path, String>> named, Predicate<Map.Entry<Path, String>> isThere) {
        assertEquals(List.of(), named.filter(isThere.negate()).toList());
    }

    private static boolean exists(String path) {
        return Files.exists(Path.of(path));
    }

    @Test
    void linksLeadSomewhere() {
        Stream<Map.Entry<Path, String>> links =
                all("\\]\\(([^)#]+)[^)]*\\)").filter(link -> !link.getValue().startsWith("http"));
        assertThere(links, link -> Files.exists(link.getKey().resolveSibling(link.getValue())));
        String here = "https://github.com/xecomla/xecomla-spark/(?:blob|tree)/main/";
        assertThere(all("\\]\\(" + here + "([^)#]+)\\)"), link -> exists(link.getValue()));
    }

    @Test
    void filesAndClassesAreThere() {
        assertThere(
                all("(?<![\\w/.])((?:conf|submit|src|\\.ci)/[\\w./-]*\\w)"),
                file -> isRemembered(file) || exists(file.getValue()));
        assertThere(
                all("`((?!submit/)[a-z]+(?:/[a-z0-9]+)*/[A-Z]\\w+)`"),
                type -> exists("src/main/java/org/xecomla/" + type.getValue() + ".java"));
    }

    @Test
    void testsAreThere() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            Set<String> tests = files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
            assertThere(all("\\b([A-Z]\\w+Test)\\b"), test -> tests.contains(test.getValue() + ".java"));
        }
    }

    /** The log and the list of changes speak of what was. */
    private static boolean isRemembered(Map.Entry<Path, String> named) {
        return named.getKey().endsWith("log.md") || named.getKey().endsWith("CHANGELOG.md");
    }

    @Test
    void commandsAndProfilesAreThere() throws IOException {
        Set<String> commands = Main.commandLine().getSubcommands().keySet();
        assertThere(all("submit/xecomla +([a-z]+)"), command -> commands.contains(command.getValue()));
        String build = Files.readString(Path.of("pom.xml"));
        assertThere(all("[ `]-P([a-z0-9]+)"), profile -> build.contains("<id>" + profile.getValue() + "</id>"));
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
