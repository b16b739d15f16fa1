package org.xecomla.config;

import java.util.OptionalLong;

/**
 * Section {@code eval}.
 *
 * @param maxWindows windows to evaluate, from the first on; empty: every one
 * @param batchSequences windows computed at once
 */
public record EvalConfig(OptionalLong maxWindows, int batchSequences) {
    static EvalConfig of(StrictConfig config) {
        return new EvalConfig(
                config.isWord("eval.max-windows", "all")
                        ? OptionalLong.empty()
                        : config.optionalLong("eval.max-windows", Range.atLeast(1)),
                config.integer("eval.batch-sequences", Range.atLeast(1)));
    }
}
