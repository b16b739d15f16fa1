package org.xecomla.spark.stage;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;
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

/**
 * What the teacher says of every token shard, as a target shard. A task loads the teacher once for a few shards, since
 * that takes long; a shard that is there and sound is passed over, so that a task that is run again redoes one shard at
 * most.
 */
public final class TeacherStage {
    static final String NAME = "teacher";
    public static final String KIND = "targets";

    /** So many that none lasts long, so few that the teacher is loaded seldom. */
    private static final int TASKS_PER_SLOT = 4;

    private final StageContext context;

    public TeacherStage(StageContext context) {
        this.context = context;
    }

    /** Makes the targets of the shards to train on. */
    public void run() {
        RunConfig config = context.config();
        StageDirectory shards = context.layout().trainShards();
        Path model = DataFiles.path(config.models().requireTeacher());
        Map<String, String> inputs = new TreeMap<>();
        inputs.put("shards", InputDigests.ofStage(shards, ShardStage.KIND));
        inputs.put("teacher", InputDigests.ofModel(model));
        StageDirectory output = context.layout().targets();
        context.complete(
                NAME,
                output,
                context.asked(KIND, config.settings("targets"), inputs),
                () -> write(new Work(config, shards.path(), output.path(), inputs.get("teacher"))));
    }

    /**
     * Refuses targets that this configuration would not have made, naming both values. The teacher itself may be
     * elsewhere: it is compared where it is at hand.
     */
    static void requireAsked(RunContext context) {
        StageDirectory targets = context.layout().targets();
        Map<String, String> inputs = new TreeMap<>(targets.requireComplete(KIND).inputs());
        inputs.put("shards", InputDigests.ofStage(context.layout().trainShards(), ShardStage.KIND));
        Path model = DataFiles.path(context.config().models().requireTeacher());
        if (DataFiles.exists(model)) {
            inputs.put("teacher", InputDigests.ofModel(model));
        }
        targets.examine(context.asked(KIND, context.config().settings("targets"), inputs));
    }

    private Map<String, Long> write(Work work) {
        try (TokenShards tokens = TokenShards.open(work.tokens)) {
            long numTokens = tokens.numSequences() * tokens.sequenceLength();
            int numTasks = numTasks(tokens.numShards(), context);
            List<Integer> tasks = IntStream.range(0, numTasks).boxed().toList();
            int numShards = tokens.numShards();
            try (WorkMeter meter =
                    new WorkMeter(context.spark(), numTokens, "tokens", line -> context.say(NAME, line))) {
                LongAccumulator counter = meter.counter();
                context.mapOnModels(NAME, "targets of " + numShards + " shards", tasks, task -> {
                    work.write(share(numShards, numTasks, task), counter);
                    return task;
                });
            }
            long bytes = DataFiles.list(work.targets).stream()
                    .mapToLong(DataFiles::length)
                    .sum();
            return Map.of("shards", (long) numShards, "tokens", numTokens, "bytes", bytes);
        }
    }

    /** Tasks that each load a model once for their {@link #share} of the shards. */
    static int numTasks(int numShards, StageContext context) {
        return Math.min(numShards, TASKS_PER_SLOT * context.parallelism());
    }

    /** The shards of one task. */
    static List<Integer> share(int numShards, int numTasks, int task) {
        int from = (int) ((long) numShards * task / numTasks);
        int to = (int) ((long) numShards * (task + 1) / numTasks);
        return IntStream.range(from, to).boxed().toList();
    }

    /** What the tasks do; only names travel. */
    private record Work(RunConfig config, Path tokens, Path targets, String teacherDigest) implements Serializable {
        void write(List<Integer> shards, LongAccumulator counter) {
            Path model = DataFiles.path(config.models().requireTeacher());
            try (TokenShards sequences = TokenShards.open(tokens)) {
                ModelConfig shape = RunModels.teacher(config).config();
                TargetShardSpec spec = new TargetShardSpec(
                        sequences.plan(),
                        sequences.sequenceLength(),
                        shape.vocabSize(),
                        TargetCodec.of(config),
                        teacherDigest,
                        sequences.packing());
                List<Integer> missing = missing(sequences, spec, shards, counter);
                if (missing.isEmpty()) {
                    return;
                }
                int batch = config.eval().batchSequences();
                try (Kernels kernels = TaskKernels.of(config);
                        Teacher teacher = Teacher.open(
                                model,
                                kernels,
                                batch,
                                sequences.sequenceLength(),
                                config.compute().teacherBytes())) {
                    missing.forEach(shard -> teacher.writeShard(sequences, shard, targets, spec, counter::add));
                }
            }
        }

        private List<Integer> missing(
                TokenShards sequences, TargetShardSpec spec, List<Integer> shards, LongAccumulator counter) {
            List<Integer> missing = new ArrayList<>();
            for (int shard : shards) {
                if (TargetShardWriter.isComplete(targets, spec, shard, sequences.digest(shard))) {
                    counter.add((long) sequences.plan().numSequencesOf(shard) * sequences.sequenceLength());
                } else {
                    missing.add(shard);
                }
            }
            return missing;
        }
    }
}
