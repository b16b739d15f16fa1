package org.xecomla.eval.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** Forms of the tasks; that they are the harness's is HarnessTest's to show. */
class TaskSetTest {
    @TempDir
    private Path directory;

    private TaskSet read(ChoiceTask task, int numFewshot, String... rows) throws Exception {
        Path file = Files.write(directory.resolve("rows.jsonl"), List.of(rows));
        TaskSource source = new TaskSource(task, DataFiles.path(file.toString()), Optional.empty());
        return TaskSet.read(List.of(source), numFewshot, OptionalInt.empty());
    }

    private static final String ARC = """
            {"question": "Q%d?", "choices": {"text": ["yes", "no"], "label": ["1", "2"]}, "answerKey": "2"}""";

    @Test
    void examplesStandBeforeTheQuestion() throws Exception {
        TaskSet set = read(ChoiceTask.ARC_EASY, 1, ARC.formatted(0), ARC.formatted(1));
        assertEquals(2, set.numQuestions());
        assertEquals(
                List.of(
                        new TaskPrompt("Question: Q1?\nAnswer: no\n\nQuestion: Q0?\nAnswer:", " yes"),
                        new TaskPrompt("Question: Q1?\nAnswer: no\n\nQuestion: Q0?\nAnswer:", " no")),
                set.prompts().subList(0, 2));
    }

    @Test
    void raceReadsWhatPythonPrinted() throws Exception {
        TaskSet set = read(ChoiceTask.RACE, 0, """
                {"article": "A.", "problems": "[{'question': 'He is  _  .', 'answer': 'B', 'options': \
                ['a', \\"b's\\", 'c', 'd']}, \
                {'question': 'Who?', 'answer': 'A', 'options': ['\\\\u00e9', '\\\\'', '\\\\\\\\', '\\\\n']}]"}""");
        assertEquals("Article: A.\n\nHe is b's\nWho?", set.prompts().get(0).context());
        assertEquals(
                List.of(" é", " '", " \\", " \n"),
                set.prompts().stream().map(TaskPrompt::continuation).toList());
    }

    @Test
    void winograndeScoresWhatFollowsTheBlank() throws Exception {
        TaskSet set = read(ChoiceTask.WINOGRANDE, 0, """
                {"sentence": "So _ went home .", "option1": "Ann", "option2": "Ben", "answer": "2"}""");
        assertEquals(
                List.of(new TaskPrompt("So Ann", " went home ."), new TaskPrompt("So Ben", " went home .")),
                set.prompts());
    }

    @Test
    void everySubjectOfMmluIsATask() throws Exception {
        String row = """
                {"subject": "%s", "question": "Q", "choices": ["a", "b", "c", "d"], "answer": %d}""";
        TaskSet set = read(
                ChoiceTask.MMLU,
                0,
                row.formatted("us_law", 0),
                row.formatted("law", 1),
                row.formatted("us_law", 2),
                row.formatted("law", 1));
        assertTrue(set.prompts().get(0).context().contains("about us law.\n\nQ\nA. a\nB. b\nC. c\nD. d\nAnswer:"));
        List<LogLikelihood> alwaysTheFirst = new ArrayList<>();
        set.prompts().forEach(prompt -> alwaysTheFirst.add(new LogLikelihood(-alwaysTheFirst.size() % 4, false)));
        JsonNode json =
                TaskResults.of(set, alwaysTheFirst, DataFiles.path("m"), 9).json();
        assertEquals(0.5, json.at("/results/mmlu_us_law/acc,none").asDouble());
        assertEquals(0.5, json.at("/results/mmlu_us_law/acc_stderr,none").asDouble(), 1e-15);
        assertEquals(0, json.at("/results/mmlu_law/acc,none").asDouble());
        assertEquals(0.25, json.at("/groups/mmlu/acc,none").asDouble());
        // the harness's pooled_sample_stderr([0.5, 0], [2, 2]): sqrt((1 * 0.25 * 2) / (4 - 2) / 4)
        assertEquals(0.25, json.at("/groups/mmlu/acc_stderr,none").asDouble(), 1e-15);
        assertEquals(2, json.at("/n-samples/mmlu_law/effective").asInt());
    }

    /** Written by pyarrow from the JSON lines beside them: strings, lists, numbers and a group of lists. */
    @Test
    void parquetHoldsTheSame() {
        for (ChoiceTask task : List.of(ChoiceTask.ARC_EASY, ChoiceTask.MMLU, ChoiceTask.PUBMEDQA)) {
            List<List<TaskPrompt>> prompts = new ArrayList<>();
            for (String ending : List.of(".jsonl", ".parquet")) {
                String file = "src/test/resources/tasks/" + task.taskName() + ending;
                TaskSource source = new TaskSource(task, DataFiles.path(file), Optional.empty());
                prompts.add(
                        TaskSet.read(List.of(source), 1, OptionalInt.empty()).prompts());
            }
            assertEquals(prompts.get(0), prompts.get(1));
        }
    }

    @Test
    void whatIsWrongIsNamed() throws Exception {
        assertMessage(ChoiceTask.PIQA, "{\"goal\": \"g\"}", "line 1 has no \"sol1\", only [goal]");
        assertMessage(ChoiceTask.ARC_EASY, ARC.formatted(0).replace("\"2\"}", "\"C\"}"), "\"answerKey\" is not one of");
        for (String labels : List.of("[\"2\"]", "[\"2\", \"2\"]", "[\"1\", \"2\", \"3\"]")) {
            assertMessage(
                    ChoiceTask.ARC_EASY,
                    ARC.formatted(0).replace("[\"1\", \"2\"]", labels),
                    "choices: \"label\" is not one label a text, no two the same");
        }
        assertMessage(ChoiceTask.ARC_EASY, "{", "line 1 is broken JSON");
        Path broken = Files.writeString(directory.resolve("rows.parquet"), "PAR2");
        TaskSource source = new TaskSource(ChoiceTask.PIQA, DataFiles.path(broken.toString()), Optional.empty());
        UserException e =
                assertThrows(UserException.class, () -> TaskSet.read(List.of(source), 0, OptionalInt.empty()));
        assertTrue(e.getMessage().contains("cannot be read as Parquet"), e.getMessage());
        assertMessage(ChoiceTask.RACE, "{\"article\": \"\", \"problems\": \"[{\"}", "\"problems\" is not readable");
        ConfigException unknown = assertThrows(
                ConfigException.class,
                () -> TaskSource.of(
                        RunConfig.ofOverrides(Map.of("eval.tasks.arc", "f")).eval()));
        assertTrue(unknown.getMessage().startsWith("'arc' is no task: arc_easy, "), unknown.getMessage());
        assertThrows(
                ConfigException.class,
                () -> TaskSource.of(
                        RunConfig.ofOverrides(Map.of("eval.fewshot.piqa", "f")).eval()));
    }

    private void assertMessage(ChoiceTask task, String row, String part) {
        UserException e = assertThrows(UserException.class, () -> read(task, 0, row));
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }
}
