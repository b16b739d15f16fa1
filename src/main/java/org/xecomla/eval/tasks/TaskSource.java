package org.xecomla.eval.tasks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.EvalConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;

/**
 * Where a task's rows are.
 *
 * @param examples file to pick few-shot examples from; empty: the task's own, without the question itself
 */
public record TaskSource(ChoiceTask task, Path file, Optional<Path> examples) {
    /** @throws ConfigException where a name is no task, or examples are given for one that is not asked for */
    public static List<TaskSource> of(EvalConfig config) {
        Map<String, String> examples = config.fewshot();
        for (String name : examples.keySet()) {
            if (!config.tasks().containsKey(name)) {
                throw new ConfigException("eval.fewshot." + name + " has examples, but eval.tasks has no " + name);
            }
        }
        List<TaskSource> sources = new ArrayList<>();
        config.tasks()
                .forEach((name, file) -> sources.add(new TaskSource(
                        ChoiceTask.of(name),
                        DataFiles.path(file),
                        Optional.ofNullable(examples.get(name)).map(DataFiles::path))));
        return sources;
    }
}
