package org.xecomla.config;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Replicas that train side by side: keys that {@code distill} and {@code dpo} share.
 *
 * @param localSteps optimiser steps between two averages
 * @param freeze which weights stay
 * @param checkpointEvery optimiser steps between two checkpoints
 * @param outerLearningRate of the outer update; 1 with momentum 0 is plain averaging
 * @param outerMomentum Nesterov momentum of the outer update
 * @param maxLossGrowth times the loss of the first steps at which a run counts as diverged; infinite: never
 */
public record ReplicasConfig(
        int count,
        int localSteps,
        AveragingConfig averaging,
        Freeze freeze,
        int checkpointEvery,
        double outerLearningRate,
        double outerMomentum,
        double maxLossGrowth) {
    private static final List<String> UNDECISIVE = List.of(
            "replicas", "averaging", "checkpoint-every", "replica-timeout", "executor-timeout", "max-loss-growth");

    /**
     * @param section with its trailing dot
     */
    static ReplicasConfig of(StrictConfig config, String section) {
        int localSteps = config.integer(section + "local-steps", Range.atLeast(1));
        double outerLearningRate = config.number(section + "outer.learning-rate", Range.above(0));
        double outerMomentum =
                config.number(section + "outer.momentum", Range.atLeast(0).below(1));
        // what measured best: gradients cost no more than weights where replicas meet after every step anyway
        boolean everyStep = localSteps == 1 && outerLearningRate == 1 && outerMomentum == 0;
        AveragingConfig.What auto = everyStep ? AveragingConfig.What.GRADIENTS : AveragingConfig.What.WEIGHTS;
        return new ReplicasConfig(
                config.integer(section + "replicas", Range.atLeast(1)),
                localSteps,
                AveragingConfig.of(config, section, auto),
                config.choice(section + "freeze", Freeze.class),
                config.integer(section + "checkpoint-every", Range.atLeast(1)),
                outerLearningRate,
                outerMomentum,
                config.isWord(section + "max-loss-growth", "none")
                        ? Double.POSITIVE_INFINITY
                        : config.number(section + "max-loss-growth", Range.above(1)));
    }

    /** One replica, all of it training. */
    public static ReplicasConfig alone(int checkpointEvery) {
        AveragingConfig nobody = new AveragingConfig(
                AveragingConfig.Transport.RING,
                AveragingConfig.What.WEIGHTS,
                AveragingConfig.Precision.FP32,
                Duration.ZERO,
                Duration.ZERO);
        return new ReplicasConfig(1, 1, nobody, Freeze.NONE, checkpointEvery, 1, 0, Double.POSITIVE_INFINITY);
    }

    /**
     * {@code settings} of {@code section} without those that change how its work is done and not what is asked for: a
     * run may go on with others.
     */
    public static Map<String, String> decisive(String section, Map<String, String> settings) {
        Map<String, String> decisive = new TreeMap<>(settings);
        UNDECISIVE.forEach(key -> decisive.remove(section + "." + key));
        return decisive;
    }

    /** Refuses {@code batch}, the value of {@code batchKey}, where it cannot be shared out evenly. */
    void requireShares(StrictConfig config, String section, String batchKey, int batch) {
        if (batch % count != 0) {
            throw config.error(section + batchKey, "is not a multiple of " + section + "replicas = " + count);
        }
    }
}
