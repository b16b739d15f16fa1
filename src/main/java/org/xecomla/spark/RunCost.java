package org.xecomla.spark;

import java.util.List;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.ParameterShapes;
import org.xecomla.config.RunConfig;
import org.xecomla.config.WeightType;
import org.xecomla.nn.Flops;
import org.xecomla.train.TrainingPlan;

/**
 * What a run will take, counted from its configuration, its models' shapes and the size of its corpus. Nothing here depends
 * on how fast anything is. Legend: P executors, each with one replica.
 */
record RunCost(RunConfig config, RunShapes shapes, CorpusSize corpus, int threads, List<StageCost> stages) {
    private static final int KEPT_CHECKPOINTS = 2;
    private static final int BASE_BYTES = 2; // published weights are bfloat16
    private static final int TEACHER_LOADS = 4; // tasks of an executor, each of which loads the teacher

    /** @param threads of one task's kernels */
    static RunCost of(RunConfig config, RunShapes shapes, CorpusSize corpus, int threads) {
        StageMemory memory = StageMemory.of(config, shapes, threads);
        RunCost counted = new RunCost(config, shapes, corpus, threads, List.of());
        return new RunCost(
                config,
                shapes,
                corpus,
                threads,
                List.of(
                        counted.shard(),
                        counted.teacher(memory.teacher()),
                        counted.init(memory.init()),
                        counted.distill(memory.distill()),
                        counted.eval(memory.eval()),
                        counted.export(memory.export())));
    }

    int executors() {
        return config.distill().replicas().count();
    }

    TrainingPlan plan() {
        return TrainingPlan.distillation(config, sequences(), shapes.sequenceLength());
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

    double trainingFlops() {
        return Flops.TRAINING_PASSES * forwardFlops(shapes.student());
    }

    private double shardBytes() {
        return (double) Integer.BYTES * sequences() * shapes.sequenceLength();
    }

    double targetBytes() {
        return (double) sequences()
                * TeacherStage.codec(config)
                        .typicalRecordBytes(
                                shapes.sequenceLength(), shapes.teacher().vocabSize());
    }

    private static double published(ModelConfig model) {
        return (double) BASE_BYTES * ParameterShapes.numParameters(model);
    }

    private StageCost shard() {
        double tokens = corpus.tokens() + (double) corpus.validTokens();
        double kept = shardBytes() + (double) Integer.BYTES * corpus.validTokens();
        // Written twice: as parts of the stream, then cut into sequences.
        return new StageCost(Stage.SHARD, tokens, 0, 0, kept, 2 * kept, corpus.bytes() + kept, 0, 0);
    }

    private StageCost teacher(long memory) {
        double tokens = (double) sequences() * shapes.sequenceLength();
        double loads = TEACHER_LOADS * published(shapes.teacher());
        return new StageCost(
                Stage.TEACHER,
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
                Stage.INIT,
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
        int replicas = executors();
        double model = StageMemory.weights(shapes.student());
        double moments = 2 * trained();
        double outer = plan.plainAveraging() ? 0 : trained();
        double checkpoint = model + outer + replicas * moments;
        double checkpoints = Math.ceil((double) plan.numSteps() / plan.checkpointEvery());
        double epochs = (double) plan.numTokens() / (sequences() * shapes.sequenceLength());
        return new StageCost(
                Stage.DISTILL,
                plan.numTokens(),
                plan.numTokens() * trainingFlops(),
                memory,
                KEPT_CHECKPOINTS * checkpoint,
                checkpoints * checkpoint,
                replicas * model + epochs * (shardBytes() + targetBytes()),
                replicas * exchangedByEach(plan),
                exchangedByEach(plan) + checkpoints * (model + outer + moments));
    }

    /** Bytes of the parameters that train. */
    private double trained() {
        return (double) Float.BYTES
                * ParameterShapes.of(shapes.student()).entrySet().stream()
                        .filter(e -> plan().freeze().trainable().test(e.getKey()))
                        .mapToLong(e -> e.getValue().numElements())
                        .sum();
    }

    /** A reduce-scatter and an all-gather every round: 2 (P - 1) / P of the parameters, each way. */
    double exchangedByEach(TrainingPlan plan) {
        double rounds = Math.ceil((double) plan.numSteps() / plan.rounds().localSteps());
        return rounds * 2 * (executors() - 1) / executors() * trained();
    }

    private StageCost eval(long memory) {
        double tokens = validTokens();
        double flops = forwardFlops(shapes.base()) + 2 * forwardFlops(shapes.student());
        double student = StageMemory.weights(shapes.student());
        // Base, student before and student after, each beside the teacher.
        double loads = published(shapes.base()) + 2 * student + 3 * published(shapes.teacher());
        return new StageCost(
                Stage.EVAL,
                3 * tokens,
                tokens * (flops + 3 * forwardFlops(shapes.teacher())),
                memory,
                0,
                0,
                executors() * loads + 3 * Integer.BYTES * tokens,
                0,
                loads);
    }

    private StageCost export(long memory) {
        int width = config.export().dtype() == WeightType.F32 ? Float.BYTES : Float.BYTES / 2;
        double written = (double) width * ParameterShapes.numParameters(shapes.student());
        double read = StageMemory.weights(shapes.student());
        return new StageCost(Stage.EXPORT, 0, 0, memory, written, written, read, 0, read + written);
    }
}
