package org.xecomla.spark;

import java.io.IOException;
import java.io.Serializable;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.rdd.RDD;
import org.apache.spark.storage.BlockManager;
import org.xecomla.config.ReplicasConfig.Averaging;
import org.xecomla.train.ParameterAveraging;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/**
 * One leg of a training run: a barrier job whose P tasks start together, find each other, and live until the leg ends. When
 * one of them fails, all do; the next leg is the caller's to start.
 */
final class BarrierLeg {
    /** What a task does as one of P replicas. */
    @FunctionalInterface
    interface Task<R> extends Serializable {
        R run(ParameterAveraging averaging) throws Exception;
    }

    private BarrierLeg() {}

    /**
     * Runs {@code task} P times at once and returns what each made of it, by rank.
     *
     * @param averaging how the tasks exchange parameters
     * @param timeout the longest wait of one replica for another
     * @throws org.xecomla.config.UserException when a task met something that the user must mend
     * @throws IllegalStateException when a task failed otherwise
     * @throws org.apache.spark.SparkException (unchecked by Scala) when a task was lost with its executor
     */
    static <R> List<R> run(
            ModelTasks modelTasks, RingGroup group, Averaging averaging, Duration timeout, Task<R> task) {
        List<Integer> ranks = IntStream.range(0, group.numReplicas()).boxed().toList();
        ClassTag<Outcome<R>> outcomeType = ClassTag$.MODULE$.apply(Outcome.class);
        RDD<Outcome<R>> outcomes = modelTasks
                .spark()
                .parallelize(ranks, group.numReplicas())
                .rdd()
                .barrier()
                .mapPartitions(new Member<>(group, averaging, timeout, task), false, outcomeType);
        return Outcome.values(modelTasks.on(outcomes).toJavaRDD().collect());
    }

    /** The code of one task. */
    private static final class Member<R> extends AbstractFunction1<Iterator<Integer>, Iterator<Outcome<R>>>
            implements Serializable {
        private final RingGroup group;
        private final Averaging transport;
        private final Duration timeout;
        private final Task<R> task;

        Member(RingGroup group, Averaging transport, Duration timeout, Task<R> task) {
            this.group = group;
            this.transport = transport;
            this.timeout = timeout;
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
            if (transport == Averaging.DRIVER) {
                BlockManager blocks = SparkEnv.get().blockManager();
                return new BlockAveraging(
                        group, rank, new BlockExchange(group, rank, blocks, timeout, context::isInterrupted));
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
                return RingAveraging.join(group, rank, server, addresses, timeout, context::isInterrupted);
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
