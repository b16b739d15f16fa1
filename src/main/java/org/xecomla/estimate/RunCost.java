package org.xecomla.estimate;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.estimate.StageCost.Work;
import org.xecomla.nn.Flops;
import org.xecomla.run.Shares;
import org.xecomla.targets.TargetCodec;
import org.xecomla.train.TrainerCheckpoint;
import org.xecomla.train.TrainingPlan;

/**
 * What a run will take, counted from its configuration, its models' shapes and the size of its corpus. Nothing here
 * depends on how fast anything is. Legend: P executors, each with one replica.
 */
record RunCost(
        RunConfig config,
        RunShapes shapes,
        CorpusSize corpus,
        PreferenceSize preferences,
        int threads,
        List<StageCost> stages) {
    static final String DISTILL = "distill";

    private static final int BASE_BYTES = 2; // published weights are bfloat16

    /** @param threads of one task's kernels */
    static RunCost of(RunConfig config, RunShapes shapes, CorpusSize corpus, PreferenceSize preferences, int threads) {
        StageMemory memory = StageMemory.of(config, shapes, threads);
        RunCost counted = new RunCost(config, shapes, corpus, preferences, threads, List.of());
        List<StageCost> stages = new ArrayList<>(List.of(
                counted.shard(),
                counted.teacher(memory.teacher()),
                counted.init(memory.init()),
                counted.distill(memory.distill())));
        if (preferences.pairs() > 0) {
            stages.add(counted.dpo(memory.dpo()));
        }
        stages.add(counted.eval(memory.eval()));
        stages.add(counted.export(memory.export()));
        return new RunCost(config, shapes, corpus, preferences, threads, List.copyOf(stages));
    }

    int executors() {
        return config.distill().replicas().count();
    }

    TrainingPlan plan() {
        return TrainingPlan.distillation(config, sequences(), shapes.sequenceLength());
    }

    /** How the preference stage trains. */
    TrainingPlan preferencePlan() {
        int longest = config.dpo().maxLengthFor(shapes.base());
        // A step at least: what is too few will be said by the stage, which counts exactly.
        long pairs = Math.max(config.dpo().optimizer().batchSequences(), preferences.pairs());
        return TrainingPlan.preferences(config, pairs, longest);
    }

    private long sequences() {
        return Math.max(1, corpus.tokens() / shapes.sequenceLength());
    }

    private long validTokens() {
        long limit = config.eval().maxWindows().orElse(Long.MAX_VALUE / shapes.sequenceLength());
        return Math.min(corpus.validTokens(), limit * shapes.sequenceLength());
    }

    /** Operations of a forward pass, for each token. */
    double forwardFlops(ModelConfig model) {
        return Flops.forward(model, shapes.sequenceLength()) / shapes.sequenceLength();
    }

    /** Operations of distilling, for each token. */
    double trainingFlops() {
        int length = shapes.sequenceLength();
        boolean beside = config.distill().hidden().isEnabled();
        return trainingFlops(length) + (beside ? Flops.blocks(shapes.base(), length) / length : 0);
    }

    private double trainingFlops(int length) {
        return Flops.training(shapes.student(), length, config.compute().recompute()) / length;
    }

    private double shardBytes() {
        return (double) Integer.BYTES * sequences() * shapes.sequenceLength();
    }

    double targetBytes() {
        return (double) sequences()
                * TargetCodec.of(config)
                        .typicalRecordBytes(
                                shapes.sequenceLength(),
                                Math.min(
                                        shapes.teacher().vocabSize(),
                                        shapes.base().vocabSize()));
    }

    private static double published(ModelConfig model) {
        return (double) BASE_BYTES * ParameterShapes.numParameters(model);
    }

    private StageCost shard() {
        double tokens = corpus.tokens() + (double) corpus.validTokens();
        double kept = shardBytes() + (double) Integer.BYTES * corpus.validTokens();
        // Written twice: as parts of the stream, then cut into sequences.
        return new StageCost(
                "shard", Work.TOKENISING, executors(), tokens, 0, 0, kept, 2 * kept, corpus.bytes() + kept, 0, 0);
    }

    private StageCost teacher(long memory) {
        double tokens = (double) sequences() * shapes.sequenceLength();
        double loads = Shares.LOADS_PER_SLOT * published(shapes.teacher());
        return new StageCost(
                "teacher",
                Work.FORWARD,
                executors(),
                tokens,
                tokens * forwardFlops(shapes.teacher()),
                memory,
                targetBytes(),
                targetBytes(),
                shardBytes() + executors() * loads,
                0,
                loads);
    }

    private StageCost init(long memory) {
        double tokens = config.upcycle().calibrationTokens();
        double student = StageMemory.weights(shapes.student());
        double base = published(shapes.base());
        return new StageCost(
                "init",
                Work.FORWARD,
                1,
                tokens,
                tokens * forwardFlops(shapes.base()),
                memory,
                student,
                student,
                base,
                0,
                base + student);
    }

    private StageCost distill(long memory) {
        TrainingPlan plan = plan();
        double epochs = (double) plan.numTokens() / (sequences() * shapes.sequenceLength());
        return training(
                DISTILL,
                plan,
                executors(),
                plan.numTokens(),
                plan.numTokens() * trainingFlops(),
                memory,
                epochs * (shardBytes() + targetBytes()));
    }

    /**
     * The reference says every pair once, those to measure on too; then the policy learns from them, epoch by epoch.
     */
    private StageCost dpo(long memory) {
        TrainingPlan plan = preferencePlan();
        double perPair = preferences.tokensPerPair();
        int length = (int) Math.max(1, perPair / 2);
        double forward = Flops.forward(shapes.student(), length) / length;
        double scored = perPair * (preferences.pairs() + preferences.validPairs());
        double learned = perPair * plan.numSteps() * plan.batchSequences();
        return training(
                "dpo",
                plan,
                config.dpo().replicas().count(),
                scored + learned,
                scored * forward + learned * trainingFlops(length),
                memory,
                Integer.BYTES * (scored + learned));
    }

    /** @param samples bytes that are read of them */
    private StageCost training(
            String stage, TrainingPlan plan, int replicas, double tokens, double flops, long memory, double samples) {
        double model = StageMemory.weights(shapes.student());
        double moments = 2 * trained(plan);
        double outer = plan.plainAveraging() ? 0 : trained(plan);
        double checkpoint = model + outer + replicas * moments;
        double checkpoints = Math.ceil((double) plan.numSteps() / plan.checkpointEvery());
        double exchanged = exchangedByEach(plan, replicas);
        return new StageCost(
                stage,
                Work.TRAINING,
                replicas,
                tokens,
                flops,
                memory,
                TrainerCheckpoint.KEPT * checkpoint,
                checkpoints * checkpoint,
                replicas * model + samples,
                replicas * exchanged,
                exchanged + checkpoints * (model + outer + moments));
    }

    /** Bytes of the parameters that train. */
    private double trained(TrainingPlan plan) {
        return (double) Float.BYTES
                * ParameterShapes.of(shapes.student()).entrySet().stream()
                        .filter(e -> plan.freeze().trainable().test(e.getKey()))
                        .mapToLong(e -> e.getValue().numElements())
                        .sum();
    }

    /** A reduce-scatter and an all-gather every round: 2 (P - 1) / P of the parameters, each way. */
    double exchangedByEach(TrainingPlan plan, int replicas) {
        double rounds = Math.ceil((double) plan.numSteps() / plan.rounds().localSteps());
        return rounds * 2 * (replicas - 1) / replicas * trained(plan);
    }

    /** Base, student before and student after, and after preferences, each beside the teacher. */
    private StageCost eval(long memory) {
        int students = config.dpo().isEnabled() ? 3 : 2;
        int models = 1 + students;
        double tokens = validTokens();
        double pairs = preferences.validPairs() * preferences.tokensPerPair();
        double ofStudent = forwardFlops(shapes.student());
        double flops = forwardFlops(shapes.base()) + students * ofStudent + models * forwardFlops(shapes.teacher());
        double student = StageMemory.weights(shapes.student());
        double loads = published(shapes.base()) + students * student + models * published(shapes.teacher());
        return new StageCost(
                "eval",
                Work.FORWARD,
                executors(),
                models * tokens + pairs,
                tokens * flops + pairs * ofStudent,
                memory,
                0,
                0,
                executors() * loads + Integer.BYTES * (models * tokens + pairs),
                0,
                loads);
    }

    private StageCost export(long memory) {
        int numFormats = config.export().formats().size();
        double written = numFormats
                * config.export().dtype().bytesPerElement()
                * ParameterShapes.numParameters(shapes.student());
        double read = numFormats * (double) StageMemory.weights(shapes.student());
        return new StageCost(
                "export", Work.FORWARD, executors(), 0, 0, memory, written, written, read, 0, read + written);
    }
}
