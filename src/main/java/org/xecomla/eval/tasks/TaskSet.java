package org.xecomla.eval.tasks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The questions of some tasks with their prompts, in the harness's order and with its examples. MMLU is a task for each
 * subject.
 */
public final class TaskSet {
    /** A question with what stands before it. */
    record Asked(TaskRow row, Question question, List<TaskPrompt> prompts) {}

    /**
     * A task as results name it.
     *
     * @param name the harness's: of MMLU with the subject
     * @param numRows before the limit
     */
    record Part(String name, TaskSource source, int numRows, List<Asked> questions) {
        ChoiceTask task() {
            return source.task();
        }
    }

    private final int numFewshot;
    private final OptionalInt limit;
    private final List<Part> parts;

    private TaskSet(int numFewshot, OptionalInt limit, List<Part> parts) {
        this.numFewshot = numFewshot;
        this.limit = limit;
        this.parts = List.copyOf(parts);
    }

    /**
     * Reads the tasks' files.
     *
     * @param numFewshot examples before each question
     * @param limit the first questions of each task; empty: all
     * @throws org.xecomla.errors.UserException naming file and row where one is not what its task needs
     */
    public static TaskSet read(List<TaskSource> sources, int numFewshot, OptionalInt limit) {
        List<Part> parts = new ArrayList<>();
        for (TaskSource source : sources) {
            List<TaskRow> rows = TaskFile.read(source.file());
            List<TaskRow> examples = numFewshot > 0 && source.examples().isPresent()
                    ? TaskFile.read(source.examples().get())
                    : rows;
            Map<String, List<TaskRow>> pools = split(source.task(), examples);
            split(source.task(), rows)
                    .forEach((name, ofPart) -> parts.add(new Part(
                            name,
                            source,
                            ofPart.size(),
                            asked(source, ofPart, pools.getOrDefault(name, List.of()), numFewshot, limit))));
        }
        return new TaskSet(numFewshot, limit, parts);
    }

    private static Map<String, List<TaskRow>> split(ChoiceTask task, List<TaskRow> rows) {
        Map<String, List<TaskRow>> parts = new LinkedHashMap<>();
        for (TaskRow row : rows) {
            String name = task == ChoiceTask.MMLU ? task.taskName() + "_" + row.text("subject") : task.taskName();
            parts.computeIfAbsent(name, n -> new ArrayList<>()).add(row);
        }
        return parts;
    }

    private static List<Asked> asked(
            TaskSource source, List<TaskRow> rows, List<TaskRow> pool, int numFewshot, OptionalInt limit) {
        ChoiceTask task = source.task();
        boolean ownPool = source.examples().isEmpty();
        ExampleSampler sampler = new ExampleSampler(pool, task.firstExamples(), ownPool || task.drawsSpare());
        List<Asked> asked = new ArrayList<>();
        for (TaskRow row : rows.subList(0, Math.min(rows.size(), limit.orElse(rows.size())))) {
            StringBuilder before = new StringBuilder(description(task, row));
            sampler.pick(numFewshot, row)
                    .forEach(example -> before.append(task.question(example).example()));
            asked.add(ask(row, task.question(row), before.toString()));
        }
        return asked;
    }

    private static String description(ChoiceTask task, TaskRow row) {
        return task == ChoiceTask.MMLU
                ? "The following are multiple choice questions (with answers) about "
                        + row.text("subject").replace('_', ' ') + ".\n\n"
                : "";
    }

    private static Asked ask(TaskRow row, Question question, String before) {
        List<TaskPrompt> prompts = IntStream.range(0, question.continuations().size())
                .mapToObj(c -> new TaskPrompt(
                        before + question.contexts().get(c),
                        question.continuations().get(c)))
                .toList();
        return new Asked(row, question, prompts);
    }

    List<Part> parts() {
        return parts;
    }

    int numFewshot() {
        return numFewshot;
    }

    OptionalInt limit() {
        return limit;
    }

    /** Every prompt: tasks, their questions, their choices. */
    public List<TaskPrompt> prompts() {
        return parts.stream()
                .flatMap(part -> part.questions.stream())
                .flatMap(asked -> asked.prompts.stream())
                .toList();
    }

    /** How many questions there are. */
    public long numQuestions() {
        return parts.stream().mapToLong(part -> part.questions.size()).sum();
    }
}
