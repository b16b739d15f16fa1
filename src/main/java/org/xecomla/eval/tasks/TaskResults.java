package org.xecomla.eval.tasks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.fs.Path;
import org.xecomla.eval.Logits;
import org.xecomla.eval.tasks.TaskSet.Asked;
import org.xecomla.eval.tasks.TaskSet.Part;
import org.xecomla.files.DataFiles;

/**
 * Scores of tasks in the shape of the harness's {@code simple_evaluate}: {@code results}, {@code groups},
 * {@code versions}, {@code n-shot}, {@code n-samples}, {@code samples} with every question's log-likelihoods.
 */
public final class TaskResults {
    private static final String GROUP = "mmlu";
    private static final int GROUP_VERSION = 2;

    private final TaskSet tasks;
    private final ObjectNode json = new JsonMapper().createObjectNode();
    private final ObjectNode results = json.putObject("results");
    private final List<Score> ofGroup = new ArrayList<>();

    /** Right answers of one task under one metric. */
    private record Score(int numRight, int numQuestions) {
        double mean() {
            return (double) numRight / numQuestions;
        }

        /** sqrt of the variance of the values 0 and 1, over n - 1, by n: the harness's {@code mean_stderr}. */
        double standardError() {
            return Math.sqrt(mean() * (1 - mean()) / (numQuestions - 1));
        }
    }

    private TaskResults(TaskSet tasks) {
        this.tasks = tasks;
    }

    /**
     * @param answers of {@link TaskSet#prompts}, in their order
     * @param model where its checkpoint is, to be named
     * @param maxLength tokens of a prompt that it saw, at most
     */
    public static TaskResults of(TaskSet tasks, List<LogLikelihood> answers, Path model, int maxLength) {
        TaskResults made = new TaskResults(tasks);
        made.build(answers.iterator());
        ObjectNode config = made.json.putObject("config").put("model", DataFiles.display(model));
        config.put("max_length", maxLength).put("fewshot_seed", ExampleSampler.SEED);
        if (tasks.limit().isPresent()) {
            config.put("limit", tasks.limit().getAsInt());
        } else {
            config.putNull("limit");
        }
        return made;
    }

    public ObjectNode json() {
        return json;
    }

    /** The scores as a table, a line a task, for a person. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT, "%-36s %7s %9s  %-17s %-17s", "task", "n-shot", "questions", "acc", "acc_norm"));
        results.forEach(scores -> lines.add(String.format(
                        Locale.ROOT,
                        "%-36s %7d %9d  %-17s %-17s",
                        scores.get("name").asText(),
                        tasks.numFewshot(),
                        scores.get("sample_len").asInt(),
                        withError(scores, "acc"),
                        withError(scores, "acc_norm"))
                .stripTrailing()));
        return lines;
    }

    private static String withError(JsonNode scores, String metric) {
        JsonNode mean = scores.get(metric + ",none");
        JsonNode error = scores.get(metric + "_stderr,none");
        if (mean == null) {
            return "";
        }
        return String.format(Locale.ROOT, "%.4f", mean.asDouble())
                + (error.isNumber() ? String.format(Locale.ROOT, " +- %.4f", error.asDouble()) : "");
    }

    private void build(Iterator<LogLikelihood> answers) {
        ObjectNode configs = new JsonMapper().createObjectNode();
        ObjectNode versions = new JsonMapper().createObjectNode();
        ObjectNode shots = new JsonMapper().createObjectNode();
        ObjectNode counts = new JsonMapper().createObjectNode();
        ObjectNode samples = new JsonMapper().createObjectNode();
        for (Part part : tasks.parts()) {
            samples.set(part.name(), part(part, answers));
            config(configs.putObject(part.name()), part);
            versions.put(part.name(), part.task().version());
            shots.put(part.name(), tasks.numFewshot());
            counts.putObject(part.name())
                    .put("original", part.numRows())
                    .put("effective", part.questions().size());
        }
        if (!ofGroup.isEmpty()) {
            group(versions, shots);
        }
        json.set("configs", configs);
        json.set("versions", versions);
        json.set("n-shot", shots);
        json.set("n-samples", counts);
        json.set("samples", samples);
    }

    private void config(ObjectNode config, Part part) {
        config.put("task", part.name())
                .put("dataset_path", DataFiles.display(part.source().file()))
                .put("output_type", "multiple_choice")
                .put("num_fewshot", tasks.numFewshot());
        part.source().examples().ifPresent(examples -> config.put("fewshot_path", DataFiles.display(examples)));
    }

    private ArrayNode part(Part part, Iterator<LogLikelihood> answers) {
        ArrayNode samples = json.arrayNode();
        int right = 0;
        int rightNormed = 0;
        for (Asked asked : part.questions()) {
            List<LogLikelihood> choices = new ArrayList<>();
            asked.prompts().forEach(prompt -> choices.add(answers.next()));
            Question question = asked.question();
            int acc = best(choices, question, false) == question.gold() ? 1 : 0;
            int accNorm = best(choices, question, true) == question.gold() ? 1 : 0;
            right += acc;
            rightNormed += accNorm;
            ObjectNode sample = sample(samples.addObject(), samples.size() - 1, asked, choices);
            sample.put("acc", (double) acc);
            if (part.task().normed()) {
                sample.put("acc_norm", (double) accNorm);
            }
        }
        int count = part.questions().size();
        ObjectNode scores = results.putObject(part.name()).put("name", part.name());
        scores.put("alias", part.name()).put("sample_len", count);
        put(scores, "acc", new Score(right, count));
        if (part.task().normed()) {
            put(scores, "acc_norm", new Score(rightNormed, count));
        }
        if (part.task() == ChoiceTask.MMLU) {
            ofGroup.add(new Score(right, count));
        }
        return samples;
    }

    private static int best(List<LogLikelihood> answers, Question question, boolean normed) {
        double[] scores = new double[answers.size()];
        for (int c = 0; c < scores.length; c++) {
            double sum = answers.get(c).sum();
            scores[c] = normed ? sum / PythonText.length(question.choices().get(c)) : sum;
        }
        return Logits.argmax(scores);
    }

    private static ObjectNode sample(ObjectNode sample, int id, Asked asked, List<LogLikelihood> answers) {
        sample.put("doc_id", id);
        sample.set("doc", asked.row().json());
        sample.set("target", asked.question().target());
        ArrayNode arguments = sample.putArray("arguments");
        asked.prompts()
                .forEach(prompt -> arguments.addArray().add(prompt.context()).add(prompt.continuation()));
        ArrayNode responses = sample.putArray("filtered_resps");
        answers.forEach(answer -> responses.addArray().add(answer.sum()).add(answer.greedy()));
        return sample.put("filter", "none");
    }

    private static void put(ObjectNode scores, String metric, Score score) {
        put(scores, metric, score.mean(), score.standardError());
    }

    private static void put(ObjectNode scores, String metric, double mean, double standardError) {
        scores.put(metric + ",none", mean);
        if (Double.isFinite(standardError)) {
            scores.put(metric + "_stderr,none", standardError);
        } else {
            scores.put(metric + "_stderr,none", "N/A");
        }
    }

    /** All subjects together, each by its size; the error pooled as the harness does. */
    private void group(ObjectNode versions, ObjectNode shots) {
        int count = ofGroup.stream().mapToInt(Score::numQuestions).sum();
        int right = ofGroup.stream().mapToInt(Score::numRight).sum();
        double pooled = ofGroup.stream()
                .mapToDouble(s -> (s.numQuestions - 1.0) * s.standardError() * s.standardError() * s.numQuestions)
                .sum();
        ObjectNode scores = results.putObject(GROUP).put("name", GROUP);
        scores.put("alias", GROUP).put("sample_len", count);
        put(scores, "acc", (double) right / count, Math.sqrt(pooled / (count - ofGroup.size()) / count));
        json.putObject("groups").set(GROUP, scores.deepCopy());
        ArrayNode members = json.putObject("group_subtasks").putArray(GROUP);
        tasks.parts().stream().filter(part -> part.task() == ChoiceTask.MMLU).forEach(part -> members.add(part.name()));
        versions.put(GROUP, GROUP_VERSION);
        shots.put(GROUP, tasks.numFewshot());
    }
}
