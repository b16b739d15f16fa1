package org.xecomla.spark.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.PreferenceFiles;
import org.xecomla.errors.UserException;
import org.xecomla.eval.tasks.TaskSet;
import org.xecomla.eval.tasks.TaskSource;
import org.xecomla.files.DataFiles;

/** The first rows of every file of preferences and of every task, read as the stages that need them last will. */
final class InputSamples {
    private static final int PAIRS = 100;

    private InputSamples() {}

    static List<Finding> all(RunConfig config) {
        List<Finding> findings = new ArrayList<>();
        config.dpo().train().forEach(file -> findings.add(preferences("dpo.train", file)));
        config.dpo().valid().forEach(file -> findings.add(preferences("dpo.valid", file)));
        config.eval().tasks().keySet().forEach(name -> findings.add(task(config, name)));
        return findings;
    }

    private static Finding preferences(String key, String file) {
        return finding(() -> {
            int number = PreferenceFiles.splits(List.of(DataFiles.path(file)), DocumentSplit.TASK_BYTES).stream()
                    .findFirst()
                    .map(split -> PreferenceFiles.read(split, 0, PAIRS).size())
                    .orElse(0);
            if (number == 0) {
                throw new UserException(key + " " + file + " holds no preference");
            }
            return key + " " + file + ": its first " + number + " preferences are read";
        });
    }

    private static Finding task(RunConfig config, String name) {
        return finding(() -> {
            List<TaskSource> source = TaskSource.of(config.eval()).stream()
                    .filter(one -> one.task().taskName().equals(name))
                    .toList();
            int number = TaskSet.read(source, config.eval().numFewshot(), OptionalInt.of(1))
                    .prompts()
                    .size();
            return "eval.tasks." + name + ": its rows are read, " + number + " answers to the first question";
        });
    }

    private static Finding finding(Supplier<String> read) {
        try {
            return Finding.ok("rows", read.get());
        } catch (RuntimeException e) {
            return Finding.fail("rows", StorageChecks.firstLine(e));
        }
    }
}
