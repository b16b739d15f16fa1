package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code submit/xecomla} as a release has it; programs that note their words stand in for Java and Spark. */
class SubmitScriptTest {
    private static final List<String> ODD = List.of(
            "a b",
            " ",
            "",
            "it's \"quoted\"",
            "*",
            "/?*",
            "$HOME",
            "$(touch evil) `touch evil` ; touch evil",
            "new\nline\n",
            "\n",
            "back\\slash\\",
            "~",
            "-Drun.dir=x y",
            "{a,b}",
            "!!",
            "é\t#");

    private static final String NOTES_WORDS = """
            #!/usr/bin/env bash
            printf '%s\\0' "$@" > "$0.words"
            """;

    private static final String IS_ASKED = """
            for word in "$@"; do
              [[ $word != org.xecomla.cli.Submit ]] || { mv "$0.words" "$0.asked" && cat "$0.answer"; }
            done
            """;

    @TempDir
    Path dir;

    private Path java;
    private Path spark;

    @BeforeEach
    void makeARelease() throws IOException {
        for (String name : List.of("xecomla", "cluster-commands")) {
            Files.createDirectories(dir.resolve("re lease/submit"));
            Files.copy(Path.of("submit", name), dir.resolve("re lease/submit").resolve(name));
        }
        java = program("jdk/bin/java", NOTES_WORDS + IS_ASKED);
        spark = program("spark/bin/spark-submit", NOTES_WORDS);
        Files.createDirectories(dir.resolve("spark/jars"));
    }

    private Path program(String name, String text) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        assertTrue(file.toFile().setExecutable(true));
        return file;
    }

    private void start(List<String> words) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("bash", dir.resolve("re lease/submit/xecomla").toString()));
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(Files.createDirectories(dir.resolve("work")).toFile())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("log").toFile());
        builder.environment().put("JAVA_HOME", dir.resolve("jdk").toString());
        builder.environment().put("SPARK_HOME", dir.resolve("spark").toString());
        Process process = builder.start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end");
        assertEquals(0, process.exitValue(), Files.readString(dir.resolve("log")));
        try (Stream<Path> files = Files.list(dir.resolve("work"))) {
            assertEquals(0, files.count(), "something in a word was run");
        }
    }

    private static List<String> words(Path program, String kind) throws IOException {
        String all = Files.readString(Path.of(program + kind));
        return Arrays.asList(all.substring(0, all.length() - 1).split("\0", -1));
    }

    private static List<String> behind(String word, List<String> words) {
        return words.subList(words.indexOf(word) + 1, words.size());
    }

    private static List<String> with(String first, List<String> others) {
        return Stream.concat(Stream.of(first), others.stream()).toList();
    }

    @Test
    void aPlainCommandGetsItsWordsAsTheyAre() throws Exception {
        start(with("inspect", ODD));
        assertEquals(with("inspect", ODD), behind("org.xecomla.cli.Main", words(java, ".words")));
    }

    /** Java is asked with all words; spark-submit gets what Java answers, then the command's own. */
    @Test
    void soDoesOneThatSparkStarts() throws Exception {
        List<String> answer = new ArrayList<>(List.of("--class", "org.xecomla.cli.Main"));
        answer.addAll(ODD);
        answer.add("app lication.jar");
        Files.writeString(Path.of(java + ".answer"), "submit\0\0" + String.join("\0", answer) + "\0");
        List<String> asked = new ArrayList<>(with("run", ODD));
        asked.add("--");
        asked.addAll(ODD);
        start(asked);
        assertEquals(asked, behind("org.xecomla.cli.Submit", words(java, ".asked")));
        List<String> expected = new ArrayList<>(answer);
        expected.addAll(with("run", ODD));
        assertEquals(expected, words(spark, ".words"));
    }

    private static String warnings(String... words) {
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine().setErr(new PrintWriter(err, true));
        Submit.command(line.parseArgs(words)).config();
        return err.toString();
    }

    @Test
    void aSecretOnTheCommandLineIsWarnedOf() throws Exception {
        String key = "spark.conf.spark.hadoop.fs.s3a.secret.key";
        String warned = warnings("run", "-D", key + "=HIDDEN", "-D", "distill.tokens=100");
        assertEquals(1, warned.lines().count(), warned);
        assertTrue(warned.startsWith("xecomla: -D " + key + " shows its value"), warned);
        assertFalse(warned.contains("HIDDEN"), warned);
        Path file = Files.writeString(
                dir.resolve("run.conf"), "spark.conf { \"spark.hadoop.fs.s3a.secret.key\" = ${?HOME} }");
        assertEquals("", warnings("run", "--conf", file.toString()), "the way that is offered warns of nothing");
    }
}
