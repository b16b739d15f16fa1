package org.xecomla.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.eval.tasks.TaskResults;
import org.xecomla.eval.tasks.TaskSource;
import org.xecomla.files.DataFiles;
import org.xecomla.files.OutputFile;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.CheckpointScores;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Scores one checkpoint on text and on multiple-choice tasks, in this process. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        description =
                "Perplexity of a checkpoint on text, its KL from a teacher, and its scores on multiple-choice tasks, as"
                        + " JSON.")
final class EvalCommand extends ConfiguredCommand {
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

    @Override
    int run(PrintWriter console) {
        RunConfig config = config(settings());
        List<TaskSource> sources = TaskSource.of(config.eval());
        if (data.isEmpty() && sources.isEmpty()) {
            throw new ConfigException("there is nothing to score: give --data with text, or --tasks");
        }
        Path file = OutputFile.apartFrom(read(), out);
        Optional<Path> detailed = Optional.ofNullable(details).map(place -> OutputFile.apartFrom(read(), place));
        CheckpointScores scores = new CheckpointScores(config, ModelDirectory.open(DataFiles.path(model)));
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        if (!data.isEmpty()) {
            Optional<ModelDirectory> reference =
                    Optional.ofNullable(teacher).map(place -> ModelDirectory.open(DataFiles.path(place)));
            json.setAll(scores.onText(data, reference, detailed));
            console.println(json.toPrettyString());
            String warning = json.at("/kl_by_position/warning").asText();
            if (!warning.isEmpty()) {
                console.println("warning: " + warning);
            }
        }
        if (!sources.isEmpty()) {
            TaskResults results = scores.onTasks(sources);
            results.lines().forEach(console::println);
            json.setAll(results.json());
        }
        DataFiles.writeString(file, json.toPrettyString() + "\n");
        return 0;
    }

    /** All that is read, as it was named. */
    private List<String> read() {
        return Stream.of(
                        Stream.of(model),
                        Stream.ofNullable(teacher),
                        data.stream(),
                        tasks.values().stream(),
                        fewshot.values().stream())
                .flatMap(places -> places)
                .toList();
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
}
