package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code eval --tasks} finds is what lm-evaluation-harness finds, question by question. */
class HarnessTest {
    private static final String OWN_ROWS = "src/test/resources/tasks/";

    @TempDir
    private Path directory;

    @Test
    @Tag("python")
    void allTasksWithoutExamples() throws Exception {
        check("conf/demo/model", "--tasks", all());
    }

    @Test
    @Tag("python")
    void allTasksWithExamplesFromTheirOwnRows() throws Exception {
        check("conf/demo/model", "--tasks", all(), "--num-fewshot", "1", "--limit", "4");
    }

    @Test
    @Tag("python")
    void allTasksWithExamplesFromOtherFiles() throws Exception {
        check("conf/demo/model", "--tasks", all(), "--fewshot", all(), "--num-fewshot", "2");
    }

    /** On published questions and a published model, with prompts that are too long for it. */
    @Test
    @Tag("shared")
    void publishedQuestions() throws Exception {
        Path shared = Path.of(System.getProperty("shared.dir"));
        String tasks = Stream.of("arc_easy", "arc_challenge", "openbookqa", "piqa", "winogrande", "mmlu")
                .map(task -> task + "=" + shared.resolve("eval/" + task + ".jsonl"))
                .collect(Collectors.joining(","));
        check(shared.resolve("models/stories260K").toString(), "--tasks", tasks, "--limit", "4", "--num-fewshot", "2");
    }

    private static String all() {
        return Stream.of(
                        "arc_easy",
                        "arc_challenge",
                        "hellaswag",
                        "mmlu",
                        "openbookqa",
                        "piqa",
                        "pubmedqa",
                        "race",
                        "winogrande")
                .map(task -> task + "=" + OWN_ROWS + task + ".jsonl")
                .collect(Collectors.joining(","));
    }

    private void check(String model, String... options) throws Exception {
        String result = directory.resolve("result.json").toString();
        List<String> arguments = new ArrayList<>(List.of("eval", "--model", model, "--out", result));
        arguments.addAll(List.of(options));
        assertEquals(0, Main.commandLine().execute(arguments.toArray(String[]::new)));
        Process check = new ProcessBuilder("src/main/scripts/check-eval", model, result)
                .redirectErrorStream(true)
                .start();
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, check.waitFor(), said);
        assertTrue(said.contains("have the same prompts and scores"), said);
    }
}
