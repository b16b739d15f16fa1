package org.xecomla.config;

import java.time.Duration;

/**
 * Section {@code run}.
 *
 * @param dir receives the output of every stage
 * @param leaseTimeout after which a driver that says nothing counts as dead
 */
public record RunSettings(String dir, long seed, Duration leaseTimeout) {
    static RunSettings of(StrictConfig config) {
        return new RunSettings(
                config.text("run.dir"),
                config.longInteger("run.seed", Range.any()),
                Duration.ofSeconds(config.integer("run.lease-timeout", Range.atLeast(2))));
    }
}
