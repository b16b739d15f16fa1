package org.xecomla.spark.stage;

import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.LongConsumer;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.CommonIds;
import org.xecomla.run.RunCheck;
import org.xecomla.run.RunModels;
import org.xecomla.spark.driver.RunContext;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.spark.driver.WorkMeter;
import org.xecomla.targets.TargetCodec;
import org.xecomla.targets.TargetShardSpec;
import org.xecomla.targets.TargetShardWriter;
import org.xecomla.teacher.Teacher;
import org.xecomla.tensor.Kernels;

/** What the teacher says of every token shard to train on, as a target shard. */
public final class TeacherStage extends SparkStage {
    public static final String NAME = "teacher";
    public static final String KIND = "targets";

    TeacherStage() {
        super(NAME, KIND, List.of(ShardStage.NAME), layout -> List.of(layout.targets()));
    }

    @Override
    public void check(RunCheck check) {
        check.requireTeacher();
        check.requireTargets(check.config());
    }

    @Override
    public void run(StageContext context) {
        RunConfig config = context.config();
        StageDirectory shards = context.layout().trainShards();
        Path model = RunModels.teacherPath(config);
        InputDigests inputs = new InputDigests(context);
        inputs.stage("shards", shards, ShardStage.KIND);
        inputs.model("teacher", model);
        StageDirectory output = context.layout().targets();
        Answers answers = new Answers(config, shards.path(), output.path(), model, inputs.get("teacher"));
        context.complete(
                NAME,
                output,
                context.asked(KIND, config.settings("targets"), inputs.all()),
                () -> write(context, answers));
    }

    /**
     * Refuses targets that this configuration would not have made, naming both values. The teacher itself may be
     * elsewhere: it is compared where it is at hand.
     */
    static void requireAsked(RunContext context) {
        StageDirectory targets = context.layout().targets();
        InputDigests inputs = new InputDigests(context);
        targets.requireComplete(KIND).inputs().forEach(inputs::digest);
        inputs.stage("shards", context.layout().trainShards(), ShardStage.KIND);
        Path model = RunModels.teacherPath(context.config());
        if (DataFiles.exists(model)) {
            inputs.model("teacher", model);
        }
        targets.examine(context.asked(KIND, context.config().settings("targets"), inputs.all()));
    }

    private static Map<String, Long> write(StageContext context, Answers answers) {
        try (TokenShards tokens = answers.open()) {
            answers.commonIds(tokens).note().ifPresent(context.console());
            long numTokens = tokens.numSequences() * tokens.sequenceLength();
            try (WorkMeter meter = new WorkMeter(context, NAME, numTokens, "tokens")) {
                ShardAnswers.complete(context, NAME, "targets", tokens.plan(), meter, answers);
            }
            // Without the manifest: a run that was killed before its last word has another.
            long bytes = DataFiles.list(answers.targets).stream()
                    .filter(file -> !file.getName().equals(StageDirectory.MANIFEST))
                    .mapToLong(DataFiles::length)
                    .sum();
            return Map.of("shards", (long) tokens.numShards(), "tokens", numTokens, "bytes", bytes);
        }
    }

    private record Answers(RunConfig config, Path tokens, Path targets, Path teacher, String teacherDigest)
            implements ShardAnswers<TokenShards> {
        @Override
        public TokenShards open() {
            return TokenShards.open(tokens);
        }

        /** Shards have as many ids as the base, which the student will have too. */
        private CommonIds commonIds(TokenShards sequences) {
            int ofTeacher = ModelDirectory.open(teacher).config().vocabSize();
            return new CommonIds(ofTeacher, sequences.spec().vocabSize());
        }

        private TargetShardSpec spec(TokenShards sequences) {
            return new TargetShardSpec(
                    sequences.plan(),
                    sequences.sequenceLength(),
                    commonIds(sequences).number(),
                    TargetCodec.of(config),
                    teacherDigest,
                    sequences.packing());
        }

        @Override
        public IntPredicate answered(TokenShards sequences) {
            TargetShardSpec spec = spec(sequences);
            return shard -> TargetShardWriter.isComplete(targets, spec, shard, sequences.digest(shard));
        }

        @Override
        public long units(TokenShards sequences, int shard) {
            return (long) sequences.plan().numSequencesOf(shard) * sequences.sequenceLength();
        }

        @Override
        public void answer(TokenShards sequences, List<Integer> missing, LongConsumer done) {
            int batch = config.eval().batchSequences();
            TargetShardSpec spec = spec(sequences);
            try (Kernels kernels = TaskKernels.of(config);
                    Teacher model = Teacher.open(
                            RunModels.open(config, teacher),
                            kernels,
                            batch,
                            sequences.sequenceLength(),
                            config.compute().teacherBytes())) {
                missing.forEach(shard -> model.writeShard(sequences, shard, targets, spec, done));
            }
        }
    }
}
