package org.xecomla.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.ConfigException;
import org.xecomla.eval.EvalDetails;
import org.xecomla.eval.EvalResult;
import org.xecomla.eval.EvalSums;
import org.xecomla.eval.Evaluator;
import org.xecomla.eval.tasks.Continuation;
import org.xecomla.eval.tasks.ContinuationEncoder;
import org.xecomla.eval.tasks.ContinuationScorer;
import org.xecomla.eval.tasks.TaskResults;
import org.xecomla.eval.tasks.TaskSet;
import org.xecomla.eval.tasks.TaskSource;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.serve.LoadedModel;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Scores one checkpoint on text and on multiple-choice tasks, in this process. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        description =
                "Perplexity of a checkpoint on text, its KL from a teacher, and its scores on multiple-choice tasks, as"
                        + " JSON.")
final class EvalCommand implements Callable<Integer> {
    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Checkpoint, Hugging Face layout.")
    private String model;

    @Option(
            names = "--data",
            split = ",",
            paramLabel = "FILE",
            description = "Text to score: JSON lines, text under corpus.text-key.")
    private List<String> data = List.of();

    @Option(names = "--teacher", paramLabel = "DIR", description = "Checkpoint to compare with on that text.")
    private String teacher;

    @Option(
            names = "--details",
            paramLabel = "FILE",
            description = "JSON file for the scores of that text by position of the window and by document.")
    private String details;

    @Option(
            names = "--tasks",
            split = ",",
            paramLabel = "TASK=FILE",
            description = "Tasks to score, as eval.tasks: arc_easy=F.jsonl,...")
    private Map<String, String> tasks = new LinkedHashMap<>();

    @Option(
            names = "--fewshot",
            split = ",",
            paramLabel = "TASK=FILE",
            description = "Files to pick examples from, as eval.fewshot.")
    private Map<String, String> fewshot = new LinkedHashMap<>();

    @Option(
            names = "--num-fewshot",
            paramLabel = "N",
            description = "Examples before each question, as eval.num-fewshot.")
    private Integer numFewshot;

    @Option(names = "--limit", paramLabel = "N", description = "Questions of each task, as eval.limit.")
    private Integer limit;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "JSON file.")
    private String out;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        RunConfig config = options.load(settings());
        List<TaskSource> sources = TaskSource.of(config.eval());
        if (data.isEmpty() && sources.isEmpty()) {
            throw new ConfigException("there is nothing to score: give --data with text, or --tasks");
        }
        ModelDirectory student = ModelDirectory.open(DataFiles.path(model));
        PrintWriter console = spec.commandLine().getOut();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        if (!data.isEmpty()) {
            json.setAll(text(config, student));
            console.println(json.toPrettyString());
        }
        if (!sources.isEmpty()) {
            json.setAll(tasks(config, student, sources, console));
        }
        DataFiles.writeString(DataFiles.path(out), json.toPrettyString() + "\n");
        console.flush();
        return 0;
    }

    /** What this command's own options say of the section eval. */
    private Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        tasks.forEach((task, file) -> settings.put("eval.tasks." + task, file));
        fewshot.forEach((task, file) -> settings.put("eval.fewshot." + task, file));
        if (numFewshot != null) {
            settings.put("eval.num-fewshot", numFewshot.toString());
        }
        if (limit != null) {
            settings.put("eval.limit", limit.toString());
        }
        return settings;
    }

    private ObjectNode text(RunConfig config, ModelDirectory student) {
        ModelDirectory reference = teacher == null ? null : ModelDirectory.open(DataFiles.path(teacher));
        int length = config.sequence().lengthFor(student.config());
        if (reference != null) {
            length = Math.min(length, config.sequence().lengthFor(reference.config()));
        }
        List<TokenSequence> windows = windows(config, student, length);
        int batch = Math.min(config.eval().batchSequences(), windows.size());
        try (Kernels kernels = ComputeKernels.of(config.compute());
                LoadedModel scored = LoadedModel.open(student, kernels, length);
                LoadedModel known = reference == null ? null : LoadedModel.open(reference, kernels, length);
                Evaluator evaluator =
                        new Evaluator(scored.model(), known == null ? null : known.model(), length, batch)) {
            EvalSums sums = evaluator.evaluateLearned(windows);
            EvalDetails found = evaluator.details();
            if (details != null) {
                DataFiles.writeString(DataFiles.path(details), found.json().toPrettyString() + "\n");
            }
            return EvalResult.of(sums, student.config(), student.dtype()).json().setAll(found.summary());
        }
    }

    private List<TokenSequence> windows(RunConfig config, ModelDirectory student, int length) {
        int maxWindows =
                (int) Math.min(Integer.MAX_VALUE, config.eval().maxWindows().orElse(Integer.MAX_VALUE));
        return Texts.windows(config, data, model, student.config(), length, maxWindows);
    }

    private ObjectNode tasks(RunConfig config, ModelDirectory student, List<TaskSource> sources, PrintWriter console) {
        int maxLength = config.eval().maxLengthFor(student.config());
        TaskSet set =
                TaskSet.read(sources, config.eval().numFewshot(), config.eval().limit());
        List<Continuation> continuations;
        try (Tokenizer tokenizer = Texts.tokenizer(config.models().tokenizer().orElse(model), student.config())) {
            continuations = new ContinuationEncoder(tokenizer, maxLength).encode(set.prompts());
        }
        try (Kernels kernels = ComputeKernels.of(config.compute());
                LoadedModel loaded = LoadedModel.open(student, kernels, maxLength)) {
            ContinuationScorer scorer =
                    new ContinuationScorer(loaded.model(), config.eval().batchSequences());
            TaskResults results = TaskResults.of(set, scorer.score(continuations), student.path(), maxLength);
            results.lines().forEach(console::println);
            return results.json();
        }
    }
}
