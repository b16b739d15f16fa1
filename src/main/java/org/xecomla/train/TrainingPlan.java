package org.xecomla.train;

import java.util.OptionalLong;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.DistillConfig;
import org.xecomla.config.DpoConfig;
import org.xecomla.config.Freeze;
import org.xecomla.config.OptimizerConfig;
import org.xecomla.config.PretrainConfig;
import org.xecomla.config.ReplicasConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;

/**
 * What a run does, as numbers: the same for all its replicas.
 *
 * @param numSteps optimizer steps of the whole run
 * @param sequenceLength T
 * @param batchSequences sequences of a step, all replicas together
 * @param microBatchSequences sequences that a replica computes at once, at most
 * @param rounds how replicas come together
 * @param maxLossGrowth times the loss of its first steps at which a run counts as diverged; infinite: never
 * @param recompute what a backward computes again
 * @param seed of the order of sequences, and of the first weights where there are none
 */
public record TrainingPlan(
        long numSteps,
        int sequenceLength,
        int batchSequences,
        int microBatchSequences,
        LearningRateSchedule schedule,
        AdamW.Settings adamW,
        GradientClip clip,
        Freeze freeze,
        RoundPlan rounds,
        double maxLossGrowth,
        long checkpointEvery,
        ComputeConfig.Recompute recompute,
        long seed) {
    private static final double EPSILON = 1e-8;

    /** The plan of sections {@code distill} and {@code targets} over a corpus of {@code numSequences} sequences. */
    public static TrainingPlan distillation(RunConfig config, long numSequences, int sequenceLength) {
        DistillConfig distill = config.distill();
        return of(
                distill.optimizer(),
                numSteps("distill", distill.tokens(), distill.optimizer(), numSequences, sequenceLength),
                sequenceLength,
                OptimizerConfig.WARMUP_SHARE,
                distill.replicas(),
                config.compute().recompute(),
                config.run().seed());
    }

    /**
     * The plan of section {@code dpo}; its sequences are pairs.
     *
     * @param longest tokens of the longest sequence
     */
    public static TrainingPlan preferences(RunConfig config, long numPairs, int longest) {
        DpoConfig dpo = config.dpo();
        long numSteps = numPairs * dpo.epochs() / dpo.optimizer().batchSequences();
        if (numSteps < 1) {
            throw new ConfigException(numPairs + " pairs, " + dpo.epochs() + " times, are less than one step: lower"
                    + " dpo.batch-pairs = " + dpo.optimizer().batchSequences());
        }
        return of(
                dpo.optimizer(),
                numSteps,
                longest,
                DpoConfig.WARMUP_SHARE,
                dpo.replicas(),
                config.compute().recompute(),
                config.run().seed());
    }

    /** The plan of section {@code pretrain} over a corpus of {@code numSequences} sequences. */
    public static TrainingPlan pretraining(RunConfig config, long numSequences, int sequenceLength) {
        PretrainConfig pretrain = config.pretrain();
        return of(
                pretrain.optimizer(),
                numSteps("pretrain", pretrain.tokens(), pretrain.optimizer(), numSequences, sequenceLength),
                sequenceLength,
                OptimizerConfig.WARMUP_SHARE,
                ReplicasConfig.alone(pretrain.checkpointEvery()),
                config.compute().recompute(),
                config.run().seed());
    }

    private static TrainingPlan of(
            OptimizerConfig optimizer,
            long numSteps,
            int sequenceLength,
            int warmupShare,
            ReplicasConfig replicas,
            ComputeConfig.Recompute recompute,
            long seed) {
        return new TrainingPlan(
                numSteps,
                sequenceLength,
                optimizer.batchSequences(),
                optimizer.microBatchSequences(),
                new LearningRateSchedule(
                        optimizer.learningRate(),
                        optimizer.minLearningRate(),
                        optimizer.warmupStepsOf(numSteps, warmupShare),
                        numSteps),
                new AdamW.Settings(optimizer.beta1(), optimizer.beta2(), EPSILON, optimizer.weightDecay()),
                new GradientClip(optimizer.clip()),
                replicas.freeze(),
                RoundPlan.of(replicas),
                replicas.maxLossGrowth(),
                replicas.checkpointEvery(),
                recompute,
                seed);
    }

    /** Whole steps that {@code tokens} give; where there are none, those of the corpus once. */
    private static long numSteps(
            String section, OptionalLong tokens, OptimizerConfig optimizer, long numSequences, int sequenceLength) {
        long wanted = tokens.orElse(numSequences * sequenceLength);
        long tokensPerStep = (long) optimizer.batchSequences() * sequenceLength;
        if (wanted < tokensPerStep) {
            throw new ConfigException((tokens.isPresent()
                            ? section + ".tokens = " + wanted
                            : "the corpus has " + wanted + " tokens, which")
                    + " is less than one step: " + section + ".batch-sequences = " + optimizer.batchSequences()
                    + " sequences of " + sequenceLength + " tokens");
        }
        return wanted / tokensPerStep;
    }

    /** What a replica must hold that computes {@code slice} of every batch. */
    public Replica.Shape replicaShape(BatchSlice slice) {
        return new Replica.Shape(Math.min(microBatchSequences, slice.numSequences()), sequenceLength, recompute);
    }

    /** Whether the outer update leaves the replicas' average as it is, and so remembers nothing. */
    public boolean plainAveraging() {
        return rounds.plainOuterUpdate();
    }

    /** Tokens of the whole run. */
    public long numTokens() {
        return numSteps * batchSequences * sequenceLength;
    }
}
