package org.xecomla;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@code .editorconfig} asks of text, and that the version stands in one place. */
class SourcesTest {
    private static final List<String> TEXT =
            List.of("java", "py", "sh", "xml", "md", "conf", "yaml", "yml", "properties", "grammar", "cff", "txt", "");
    private static final Pattern MADE = Pattern.compile("src/test/resources/(golden|tasks|tokenizers)/.*|.*\\.jsonl?");

    private static Stream<Path> files() throws IOException {
        Stream<Path> found = Stream.empty();
        for (String root : List.of("src", "submit", "conf", ".ci", ".github")) {
            found = Stream.concat(found, Files.walk(Path.of(root)));
        }
        return Stream.concat(found, Files.list(Path.of("")))
                .filter(Files::isRegularFile)
                .filter(file -> TEXT.contains(extension(file))
                        && !MADE.matcher(file.toString()).matches())
                .filter(file -> !file.toString().contains("__pycache__"));
    }

    private static String extension(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot < 1 ? "" : name.substring(dot + 1);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " is not UTF-8 text", e);
        }
    }

    private static Stream<String> longLines(Path file, int width) {
        List<String> lines = read(file).lines().toList();
        return IntStream.range(0, lines.size())
                .filter(i -> lines.get(i).codePointCount(0, lines.get(i).length()) > width)
                .mapToObj(i -> file + ":" + (i + 1));
    }

    /** Markdown is let off by .editorconfig, the licence is not our text. */
    @Test
    void linesFit() throws IOException {
        Matcher width = Pattern.compile("max_line_length = (\\d+)").matcher(read(Path.of(".editorconfig")));
        assertTrue(width.find());
        List<String> tooLong = files().filter(file -> !extension(file).equals("md"))
                .filter(file -> !file.toString().equals("LICENSE"))
                .flatMap(file -> longLines(file, Integer.parseInt(width.group(1))))
                .toList();
        assertEquals(List.of(), tooLong, "lines of more than " + width.group(1) + " columns");
    }

    @Test
    void textEndsWithALineAndHasNoBlanksAtEnds() throws IOException {
        Map<String, Pattern> faults = Map.of(
                "does not end with a line feed", Pattern.compile("[^\\n]\\z"),
                "has carriage returns", Pattern.compile("\\r"),
                "has tabs before text", Pattern.compile("(?m)^ *\\t"),
                "has blanks at a line's end", Pattern.compile("(?m)[ \\t]+$"));
        assertEquals(
                List.of(),
                files().flatMap(file -> faults.entrySet().stream()
                                .filter(fault ->
                                        fault.getValue().matcher(read(file)).find())
                                .map(fault -> file + " " + fault.getKey()))
                        .sorted()
                        .toList());
    }

    @Test
    void theVersionStandsInOnePlace() throws IOException {
        Matcher pom = Pattern.compile("<artifactId>xecomla-spark</artifactId>\\s*<version>([^<]+)</version>")
                .matcher(read(Path.of("pom.xml")));
        assertTrue(pom.find());
        Pattern version = Pattern.compile("(?<![\\d.])" + Pattern.quote(pom.group(1)) + "(?![\\d.]*\\d)");
        List<String> holders = files().filter(
                        file -> version.matcher(read(file)).find())
                .map(Path::toString)
                .filter(file -> !file.equals("CHANGELOG.md"))
                .toList();
        assertEquals(List.of("pom.xml"), holders, "the version " + pom.group(1));
    }

    @Test
    void scriptsCanBeStarted() throws IOException {
        List<String> notExecutable = files().filter(file -> read(file).startsWith("#!"))
                .filter(file -> !Files.isExecutable(file))
                .map(Path::toString)
                .toList();
        assertEquals(List.of(), notExecutable);
    }
}
