package org.xecomla;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No test vanishes: a tag is left out of the default ring, has a profile, and continuous integration runs it. */
class RingsTest {
    private static final String EXPERIMENTS = "measure"; // the one ring that prints tables and proves nothing

    private static Set<String> found(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(result -> result.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> tags() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            String all = files.filter(file -> file.toString().endsWith(".java"))
                    .map(RingsTest::text)
                    .collect(Collectors.joining());
            return found("@Tag\\(\"(\\w+)\"\\)", all);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void everyTagHasARing() throws IOException {
        Set<String> tags = tags();
        String pom = text(Path.of("pom.xml"));
        assertEquals(tags, found("!(\\w+)(?= |\\n)", pom), "test.groups of the default ring");
        assertEquals(tags, found("<test\\.groups>(\\w+)(?: &amp; !\\w+)?</test\\.groups>", pom), "profiles");
        Set<String> run = found("verify -P(\\w+)", text(Path.of(".ci/run")));
        run.add(EXPERIMENTS);
        assertEquals(tags, run, ".ci/run");
    }
}
