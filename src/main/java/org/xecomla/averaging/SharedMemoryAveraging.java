package org.xecomla.averaging;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.tensor.Tensor;

/**
 * Averaging between the threads of one JVM: rank r reduces the r-th stripe of every segment over all replicas, in the
 * order of ranks and in double, and writes it to all of them. The result does not depend on the threads' timing.
 */
public final class SharedMemoryAveraging implements ParameterAveraging {
    private static final int CHUNK_ELEMENTS = 1 << 14;

    private final Group group;
    private final int rank;

    private SharedMemoryAveraging(Group group, int rank) {
        this.group = group;
        this.rank = rank;
    }

    /** The members of a new group, in the order of ranks; each belongs to one thread. */
    public static List<ParameterAveraging> group(int numReplicas) {
        if (numReplicas < 1) {
            throw new IllegalArgumentException("a group of " + numReplicas + " replicas");
        }
        Group group = new Group(numReplicas);
        return IntStream.range(0, numReplicas)
                .mapToObj(rank -> (ParameterAveraging) new SharedMemoryAveraging(group, rank))
                .toList();
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int numReplicas() {
        return group.numReplicas;
    }

    @Override
    public void average(List<Tensor> segments, double share) {
        group.segments.set(rank, segments);
        group.shares[rank] = share;
        group.barrier();
        for (int s = 0; s < segments.size(); s++) {
            int length = segments.get(s).cols();
            int from = (int) ((long) length * rank / numReplicas());
            int to = (int) ((long) length * (rank + 1) / numReplicas());
            for (int at = from; at < to; at += CHUNK_ELEMENTS) {
                reduce(s, at, Math.min(to, at + CHUNK_ELEMENTS));
            }
        }
        group.barrier();
    }

    private void reduce(int segment, int from, int to) {
        double[] mean = new double[to - from];
        for (int r = 0; r < numReplicas(); r++) {
            double[] part = stripe(r, segment, from, to).toDoubles();
            for (int i = 0; i < mean.length; i++) {
                mean[i] += group.shares[r] * part[i];
            }
        }
        for (int r = 0; r < numReplicas(); r++) {
            stripe(r, segment, from, to).write(mean);
        }
    }

    private Tensor stripe(int replica, int segment, int from, int to) {
        return group.segments.get(replica).get(segment).cols(from, to); // (1, to - from)
    }

    @Override
    public double[] allReduce(double... values) {
        group.values[rank] = values.clone();
        group.barrier();
        double[] sum = new double[values.length];
        for (double[] part : group.values) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += part[i];
            }
        }
        group.barrier();
        return sum;
    }

    @Override
    public void close() {
        group.leave(rank);
    }

    /** What the members lay open to each other between two barriers. */
    private static final class Group {
        private final int numReplicas;
        private final List<List<Tensor>> segments;
        private final double[] shares;
        private final double[][] values;
        private int numArrived;
        private long numBarriers;
        private int leaver = -1;

        Group(int numReplicas) {
            this.numReplicas = numReplicas;
            this.segments = new ArrayList<>(Collections.nCopies(numReplicas, List.<Tensor>of()));
            this.shares = new double[numReplicas];
            this.values = new double[numReplicas][];
        }

        synchronized void barrier() {
            long barrier = numBarriers;
            if (++numArrived == numReplicas) {
                numArrived = 0;
                numBarriers++;
                notifyAll();
                return;
            }
            while (numBarriers == barrier) {
                if (leaver >= 0) {
                    throw new IllegalStateException("replica " + leaver + " left the group");
                }
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted while waiting for the other replicas", e);
                }
            }
        }

        synchronized void leave(int rank) {
            leaver = leaver < 0 ? rank : leaver; // the others follow because it left
            notifyAll();
        }
    }
}
