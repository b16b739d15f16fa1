package org.xecomla.config;

/**
 * Section {@code run}.
 *
 * @param dir receives the output of every stage
 */
public record RunSettings(String dir, long seed) {
    static RunSettings of(StrictConfig config) {
        return new RunSettings(config.text("run.dir"), config.longInteger("run.seed", Range.any()));
    }
}
