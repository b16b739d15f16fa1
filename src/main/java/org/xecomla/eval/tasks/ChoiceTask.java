package org.xecomla.eval.tasks;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.xecomla.errors.ConfigException;

/**
 * The tasks, each with its form in lm-evaluation-harness 0.4.13 ({@code lm_eval/tasks}): prompt, choices and answer
 * from a row with the data set's fields on Hugging Face.
 */
public enum ChoiceTask {
    ARC_EASY("1.0", true, false, ChoiceTask::arc),
    ARC_CHALLENGE("1.0", true, false, ChoiceTask::arc),
    HELLASWAG("1.0", true, true, ChoiceTask::hellaswag),
    PIQA("1.0", true, true, ChoiceTask::piqa),
    WINOGRANDE("1.0", false, true, ChoiceTask::winogrande),
    OPENBOOKQA("1.0", true, false, ChoiceTask::openbookqa),
    MMLU("1.0", false, false, ChoiceTask::mmlu),
    RACE("3.0", false, false, ChoiceTask::race),
    PUBMEDQA("1.0", false, false, ChoiceTask::pubmedqa);

    private static final List<String> LETTERS = List.of("A", "B", "C", "D");
    private static final Pattern BRACKETS = Pattern.compile("\\[.*?\\]", Pattern.UNIX_LINES);
    private static final String RACE_BLANK = "  _  .";

    private final String version;
    private final boolean normed;
    private final boolean drawsSpare;
    private final Function<TaskRow, Question> form;

    ChoiceTask(String version, boolean normed, boolean drawsSpare, Function<TaskRow, Question> form) {
        this.version = version;
        this.normed = normed;
        this.drawsSpare = drawsSpare;
        this.form = form;
    }

    /** @throws ConfigException where there is no task of that name */
    public static ChoiceTask of(String name) {
        for (ChoiceTask task : values()) {
            if (task.taskName().equals(name)) {
                return task;
            }
        }
        throw new ConfigException("'" + name + "' is no task: "
                + Arrays.stream(values()).map(ChoiceTask::taskName).collect(Collectors.joining(", ")) + " are");
    }

    /** The harness's name. */
    public String taskName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The version of the task's form in the harness. */
    String version() {
        return version;
    }

    /** Whether the harness reports acc_norm beside acc. */
    boolean normed() {
        return normed;
    }

    /** Whether the harness draws one example more than it needs, and leaves out the question itself. */
    boolean drawsSpare() {
        return drawsSpare;
    }

    /** Whether examples are the first of their file, not drawn. */
    boolean firstExamples() {
        return this == MMLU;
    }

    Question question(TaskRow row) {
        return form.apply(row);
    }

    private static Question arc(TaskRow row) {
        String context = "Question: " + row.text("question") + "\nAnswer:";
        return labelled(row, context, row.text("answerKey"));
    }

    private static Question openbookqa(TaskRow row) {
        return labelled(row, row.text("question_stem"), PythonText.stripLeading(row.text("answerKey")));
    }

    private static Question labelled(TaskRow row, String context, String key) {
        TaskRow choices = row.object("choices");
        List<String> labels = choices.texts("label");
        List<String> texts = choices.texts("text");
        if (labels.size() != texts.size() || Set.copyOf(labels).size() != labels.size()) {
            throw choices.wrong("label", "one label a text, no two the same");
        }
        int gold = labels.indexOf(key);
        if (gold < 0) {
            throw row.wrong("answerKey", "one of the labels");
        }
        return Question.ofChoices(context, texts, gold, IntNode.valueOf(gold));
    }

    private static Question hellaswag(TaskRow row) {
        String context = row.text("ctx_a") + " " + PythonText.capitalize(row.text("ctx_b"));
        List<String> endings =
                row.texts("endings").stream().map(ChoiceTask::wikiHow).toList();
        int gold = row.index("label", endings.size());
        String query = wikiHow(row.text("activity_label") + ": " + context);
        return Question.ofChoices(query, endings, gold, IntNode.valueOf(gold));
    }

    /** The harness's {@code preprocess}: brackets are left over from WikiHow. */
    private static String wikiHow(String text) {
        String titled = PythonText.strip(text).replace(" [title]", ". ");
        return BRACKETS.matcher(titled).replaceAll("").replace("  ", " ");
    }

    private static Question piqa(TaskRow row) {
        List<String> solutions = List.of(row.text("sol1"), row.text("sol2"));
        int gold = row.index("label", 2);
        String context = "Question: " + row.text("goal") + "\nAnswer:";
        return Question.ofChoices(context, solutions, gold, IntNode.valueOf(gold));
    }

    /** The sentence up to the blank, filled by either option; what follows is the same continuation for both. */
    private static Question winogrande(TaskRow row) {
        String sentence = row.text("sentence");
        int blank = sentence.indexOf('_');
        if (blank < 0) {
            throw row.wrong("sentence", "a sentence with a blank (_)");
        }
        String before = sentence.substring(0, blank);
        List<String> contexts = List.of(before + row.text("option1"), before + row.text("option2"));
        String target = PythonText.strip(sentence.substring(blank + 1));
        int gold = row.index("answer", 3) - 1;
        if (gold < 0) {
            throw row.wrong("answer", "1 or 2");
        }
        String continuation = Question.TARGET_DELIMITER + target;
        return new Question(
                contexts,
                List.of(continuation, continuation),
                contexts,
                gold,
                TextNode.valueOf(target),
                contexts.get(gold) + continuation + Question.EXAMPLE_DELIMITER);
    }

    private static Question mmlu(TaskRow row) {
        List<String> choices = row.texts("choices");
        if (choices.size() != LETTERS.size()) {
            throw row.wrong("choices", "a list of four");
        }
        StringBuilder context = new StringBuilder(PythonText.strip(row.text("question")));
        for (int c = 0; c < LETTERS.size(); c++) {
            context.append('\n').append(LETTERS.get(c)).append(". ").append(choices.get(c));
        }
        int gold = row.index("answer", LETTERS.size());
        return Question.ofChoices(context.append("\nAnswer:").toString(), LETTERS, gold, IntNode.valueOf(gold));
    }

    private static Question race(TaskRow row) {
        List<TaskRow> problems = raceProblems(row);
        StringBuilder text = new StringBuilder("Article: " + row.text("article") + "\n\n");
        for (TaskRow problem : problems.subList(0, problems.size() - 1)) {
            String question = problem.text("question");
            String answer = problem.texts("options").get(raceAnswer(problem));
            if (question.endsWith(RACE_BLANK)) {
                text.append(question, 0, question.length() - RACE_BLANK.length() + 1)
                        .append(answer)
                        .append('\n');
            } else {
                text.append("Question: ")
                        .append(question)
                        .append("\nAnswer: ")
                        .append(answer)
                        .append('\n');
            }
        }
        TaskRow last = problems.get(problems.size() - 1);
        int gold = raceAnswer(last);
        String context = text.append(last.text("question")).toString();
        return Question.ofChoices(
                context, last.texts("options").subList(0, LETTERS.size()), gold, IntNode.valueOf(gold));
    }

    private static List<TaskRow> raceProblems(TaskRow row) {
        List<TaskRow> problems = new ArrayList<>();
        try {
            TaskRow parsed = row.required("problems").isTextual()
                    ? new TaskRow(PythonLiteral.parse(row.text("problems")), row.place())
                    : new TaskRow(row.required("problems"), row.place());
            parsed.json().forEach(problem -> problems.add(new TaskRow(problem, () -> row.where() + ", problems")));
        } catch (IllegalArgumentException e) {
            throw row.wrong("problems", "readable: " + e.getMessage());
        }
        if (problems.isEmpty()) {
            throw row.wrong("problems", "a list of problems");
        }
        return problems;
    }

    private static int raceAnswer(TaskRow problem) {
        int answer = LETTERS.indexOf(problem.text("answer"));
        if (answer < 0 || problem.texts("options").size() < LETTERS.size()) {
            throw problem.wrong("answer", "A, B, C or D of four options");
        }
        return answer;
    }

    private static Question pubmedqa(TaskRow row) {
        List<String> choices = List.of("yes", "no", "maybe");
        String decision = row.text("final_decision");
        int gold = choices.indexOf(decision);
        if (gold < 0) {
            throw row.wrong("final_decision", "yes, no or maybe");
        }
        String context = "Abstract: " + String.join("\n", row.texts("CONTEXTS")) + "\nQuestion: " + row.text("QUESTION")
                + "\nAnswer:";
        return Question.ofChoices(context, choices, gold, TextNode.valueOf(decision));
    }
}
