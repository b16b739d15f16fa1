package org.xecomla.spark.leg;

import java.io.IOException;
import java.io.Serializable;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.storage.BlockManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.averaging.RingAveraging;
import org.xecomla.averaging.RingGroup;
import org.xecomla.averaging.WireFormat;
import org.xecomla.config.AveragingConfig;
import org.xecomla.spark.driver.ModelTasks;
import org.xecomla.spark.driver.Outcome;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.concurrent.Await;
import scala.concurrent.duration.Duration;
import scala.concurrent.duration.FiniteDuration;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction1;

/**
 * One leg of a training run: a barrier job whose P tasks start together, find each other, and live until the leg ends.
 * When one of them fails, all do; the next leg is the caller's to start.
 */
public final class BarrierLeg {
    private static final Logger log = LoggerFactory.getLogger(BarrierLeg.class);
    private static final FiniteDuration POLL = Duration.create(200, TimeUnit.MILLISECONDS);
    private static final java.time.Duration GRACE = java.time.Duration.ofSeconds(30);
    private static final String INTERRUPT = "spark.job.interruptOnCancel";

    /** What a task does as one of P replicas. */
    @FunctionalInterface
    public interface Task<R> extends Serializable {
        R run(ParameterAveraging averaging) throws Exception;
    }

    private BarrierLeg() {}

    /**
     * Runs {@code task} P times at once and returns what each made of it, by rank.
     *
     * <p>Once a task has failed, the others notice it at their next collective. Those that have not ended half a minute
     * later are given up, and on a cluster their executors are ended with them: they would hold their slots for ever.
     *
     * <p>A task that was lost with its executor is Spark's own SparkException, which Scala declares nowhere.
     *
     * @param averaging how the tasks exchange parameters
     * @throws org.xecomla.errors.UserException when a task met something that the user must mend
     * @throws IllegalStateException when a task failed otherwise
     */
    public static <R> List<R> run(ModelTasks modelTasks, RingGroup group, AveragingConfig averaging, Task<R> task) {
        JavaSparkContext spark = modelTasks.spark();
        LegWatch<R> watch = new LegWatch<>(group.numReplicas());
        spark.sc().addSparkListener(watch);
        spark.setLocalProperty(INTERRUPT, "true");
        try {
            SimpleFutureAction<Boolean> job = submit(modelTasks, new Member<>(group, averaging, task), watch);
            if (!await(job, watch)) {
                giveUp(spark, group, job, watch);
            }
            Outcome.raiseFirst(watch.ended());
            Await.result(job, Duration.Inf());
            return Outcome.values(watch.ended());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the leg ran", e);
        } catch (TimeoutException e) {
            throw new IllegalStateException("an unlimited wait has ended", e);
        } finally {
            spark.setLocalProperty(INTERRUPT, null);
            spark.sc().removeSparkListener(watch);
        }
    }

    private static <R> SimpleFutureAction<Boolean> submit(ModelTasks modelTasks, Member<R> member, LegWatch<R> watch) {
        JavaSparkContext spark = modelTasks.spark();
        int numReplicas = member.group.numReplicas();
        List<Integer> ranks = IntStream.range(0, numReplicas).boxed().toList();
        ClassTag<Outcome<R>> outcomeType = ClassTag$.MODULE$.apply(Outcome.class);
        RDD<Outcome<R>> outcomes =
                spark.parallelize(ranks, numReplicas).rdd().barrier().mapPartitions(member, false, outcomeType);
        AbstractFunction0<Boolean> result = new AbstractFunction0<>() {
            @Override
            public Boolean apply() {
                return true;
            }
        };
        return spark.sc()
                .submitJob(
                        modelTasks.on(outcomes),
                        new First<R>(),
                        JavaConverters.asScalaBuffer(new ArrayList<Object>(ranks))
                                .toSeq(),
                        watch.receiver(),
                        result);
    }

    /** Waits for the end; false where some task has failed and others have not ended long after. */
    private static boolean await(SimpleFutureAction<Boolean> job, LegWatch<?> watch) throws InterruptedException {
        while (true) {
            try {
                Await.ready(job, POLL);
                return true;
            } catch (TimeoutException e) {
                if (watch.failedBefore(GRACE)) {
                    return false;
                }
            }
        }
    }

    private static void giveUp(
            JavaSparkContext spark, RingGroup group, SimpleFutureAction<Boolean> job, LegWatch<?> watch) {
        log.warn("{}: replicas {} hang and are given up", group, Arrays.toString(watch.running()));
        List<String> executors = watch.executorsOfRunning();
        job.cancel();
        if (!spark.isLocal()) {
            executors.forEach(spark.sc()::killAndReplaceExecutor);
        }
    }

    /** The one outcome of a task. */
    private static final class First<R> extends AbstractFunction1<Iterator<Outcome<R>>, Outcome<R>>
            implements Serializable {
        @Override
        public Outcome<R> apply(Iterator<Outcome<R>> outcomes) {
            return outcomes.next();
        }
    }

    /** The code of one task. */
    private static final class Member<R> extends AbstractFunction1<Iterator<Integer>, Iterator<Outcome<R>>>
            implements Serializable {
        private final RingGroup group;
        private final AveragingConfig config;
        private final Task<R> task;

        Member(RingGroup group, AveragingConfig config, Task<R> task) {
            this.group = group;
            this.config = config;
            this.task = task;
        }

        @Override
        public Iterator<Outcome<R>> apply(Iterator<Integer> ranks) {
            BarrierTaskContext context = BarrierTaskContext.get();
            Outcome<R> outcome = Outcome.ofMember(context.partitionId(), () -> {
                try (ParameterAveraging averaging = join(context)) {
                    return task.run(averaging);
                }
            });
            return JavaConverters.asScalaIterator(List.of(outcome).iterator());
        }

        private ParameterAveraging join(BarrierTaskContext context) throws IOException {
            int rank = context.partitionId();
            if (group.numReplicas() == 1) {
                return ParameterAveraging.alone();
            }
            if (config.transport() == AveragingConfig.Transport.DRIVER) {
                BlockManager blocks = SparkEnv.get().blockManager();
                BlockExchange exchange =
                        new BlockExchange(group, rank, blocks, config.replicaTimeout(), context::isInterrupted);
                return new BlockAveraging(group, rank, WireFormat.of(config.precision()), exchange);
            }
            return joinRing(context, rank);
        }

        private ParameterAveraging joinRing(BarrierTaskContext context, int rank) throws IOException {
            // Only the address that Spark itself uses for this executor, not every interface of the machine.
            String host = SparkEnv.get().blockManager().blockManagerId().host();
            ServerSocketChannel server = ServerSocketChannel.open();
            try {
                server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                server.bind(new InetSocketAddress(host, 0));
                int port = server.socket().getLocalPort();
                List<InetSocketAddress> addresses = Arrays.stream(context.allGather(host + ":" + port))
                        .map(Member::parse)
                        .toList();
                return RingAveraging.join(
                        group,
                        rank,
                        WireFormat.of(config.precision()),
                        server,
                        addresses,
                        config.replicaTimeout(),
                        context::isInterrupted);
            } catch (IOException | RuntimeException e) {
                server.close();
                throw e;
            }
        }

        private static InetSocketAddress parse(String address) {
            int colon = address.lastIndexOf(':');
            return new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
        }
    }
}
