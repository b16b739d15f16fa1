package org.xecomla.config;

import java.util.Collections;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;

/**
 * Section {@code eval}.
 *
 * @param maxWindows windows to evaluate, from the first on; empty: every one
 * @param batchSequences windows or prompts computed at once
 * @param tasks files of multiple-choice tasks, by the tasks' names
 * @param fewshot files to pick examples from, by the tasks' names
 * @param numFewshot examples before each question
 * @param limit the first questions of each task; empty: all
 * @param maxLength tokens of a prompt; empty: what the model was made for
 */
public record EvalConfig(
        OptionalLong maxWindows,
        int batchSequences,
        Map<String, String> tasks,
        Map<String, String> fewshot,
        int numFewshot,
        OptionalInt limit,
        OptionalInt maxLength) {
    public EvalConfig {
        tasks = Collections.unmodifiableMap(new TreeMap<>(tasks));
        fewshot = Collections.unmodifiableMap(new TreeMap<>(fewshot));
    }

    static EvalConfig of(StrictConfig config) {
        return new EvalConfig(
                config.isWord("eval.max-windows", "all")
                        ? OptionalLong.empty()
                        : config.optionalLong("eval.max-windows", Range.atLeast(1)),
                config.integer("eval.batch-sequences", Range.atLeast(1)),
                config.section("eval.tasks"),
                config.section("eval.fewshot"),
                config.integer("eval.num-fewshot", Range.atLeast(0)),
                config.isWord("eval.limit", "all")
                        ? OptionalInt.empty()
                        : config.optionalInteger("eval.limit", Range.atLeast(1)),
                config.optionalInteger("eval.max-length", Range.atLeast(2)));
    }

    /** @throws ConfigException where the longest prompt is longer than {@code model} takes */
    public int maxLengthFor(ModelConfig model) {
        int longest = model.maxPositionEmbeddings();
        if (maxLength.orElse(longest) > longest) {
            throw new ConfigException("eval.max-length = " + maxLength.getAsInt() + " is more than the model's"
                    + " max_position_embeddings " + longest + ": set it to at most that");
        }
        return maxLength.orElse(longest);
    }
}
