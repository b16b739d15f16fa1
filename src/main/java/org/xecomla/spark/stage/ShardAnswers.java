package org.xecomla.spark.stage;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.files.ShardPlan;
import org.xecomla.run.Shares;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.WorkMeter;

/**
 * What a model says of every shard of an input, as one shard of answers for each. A task loads the model once for a few
 * shards, since that takes long; an answer that is there, sound and of this model and this shard is passed over, so
 * that a task that is run again redoes one shard at most.
 *
 * <p>It travels to the tasks: it holds names only.
 *
 * @param <I> the input's shards, open
 */
interface ShardAnswers<I extends AutoCloseable> extends Serializable {
    /** The input; the caller closes it. */
    I open();

    /** Which shards have their answers, sound ones. */
    IntPredicate answered(I input);

    /**
     * Loads the model and answers {@code missing}, at least one; {@code done} is told of work as {@link #units} counts
     * it.
     */
    void answer(I input, List<Integer> missing, LongConsumer done);

    /** How much work shard {@code shard} is. */
    long units(I input, int shard);

    /** Has tasks answer the shards of {@code plan} that are not answered yet. */
    static void complete(
            StageContext context, String stage, String what, ShardPlan plan, WorkMeter meter, ShardAnswers<?> answers) {
        int numShards = plan.numShards();
        int numTasks = Shares.numLoads(numShards, context.parallelism());
        List<Integer> tasks = IntStream.range(0, numTasks).boxed().toList();
        LongAccumulator counter = meter.counter();
        context.mapOnModels(stage, what + " of " + numShards + " shards", tasks, task -> {
            answers.completeShare(Shares.of(numShards, numTasks, task), counter::add);
            return task;
        });
    }

    private void completeShare(List<Integer> shards, LongConsumer done) throws Exception {
        try (I input = open()) {
            IntPredicate answered = answered(input);
            List<Integer> missing = new ArrayList<>();
            for (int shard : shards) {
                if (answered.test(shard)) {
                    done.accept(units(input, shard));
                } else {
                    missing.add(shard);
                }
            }
            if (!missing.isEmpty()) {
                answer(input, missing, done);
            }
        }
    }
}
