package org.xecomla.averaging;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.xecomla.tensor.Tensor;

/**
 * Averaging over sockets in a ring: reduce-scatter, then all-gather (Patarasu and Yuan 2009; the scheme of Horovod and
 * NCCL).
 *
 * <p>Every segment is cut into P slices. In P - 1 rounds each member sends one slice and adds the one it receives,
 * after which member r holds the finished slice r + 1; in P - 1 more rounds the finished slices go round unchanged. A
 * slice is added up in the order of ranks from its own on, by one member after the other, so the result does not depend
 * on timing and has the same bits everywhere. Each member sends 2 (P - 1) / P of the parameters, whatever P is; the
 * driver sees none.
 */
public final class RingAveraging implements ParameterAveraging {
    private static final int CHUNK_BYTES = 1 << 20;

    private final RingGroup group;
    private final int rank;
    private final RingLinks links; // null in a ring of one
    private final WireFormat wire;
    private final ByteBuffer received = direct(CHUNK_BYTES);
    private final ByteBuffer sending = direct(CHUNK_BYTES); // for what does not travel as it is
    private Collective current = Collective.NONE;

    private RingAveraging(RingGroup group, int rank, WireFormat wire, RingLinks links) {
        this.group = group;
        this.rank = rank;
        this.wire = wire;
        this.links = links;
    }

    /**
     * Joins the ring as member {@code rank}; returns when both neighbours are there.
     *
     * @param wire the same for all members
     * @param server bound to this member's own address; taken over and closed
     * @param addresses where the members listen, by rank
     * @param timeout the longest wait for a neighbour, here and in every collective: more than the slowest member's
     *     local steps
     * @param cancelled polled while waiting
     */
    public static RingAveraging join(
            RingGroup group,
            int rank,
            WireFormat wire,
            ServerSocketChannel server,
            List<InetSocketAddress> addresses,
            Duration timeout,
            BooleanSupplier cancelled) {
        if (addresses.size() != group.numReplicas()) {
            throw new IllegalArgumentException(addresses.size() + " addresses for " + group);
        }
        RingLinks links =
                group.numReplicas() == 1 ? null : RingLinks.join(group, rank, server, addresses, timeout, cancelled);
        return new RingAveraging(group, rank, wire, links);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int numReplicas() {
        return group.numReplicas();
    }

    @Override
    public void average(List<Tensor> segments, double share) {
        if (numReplicas() == 1) {
            ParameterAveraging.alone().average(segments, share);
            return;
        }
        begin(Collective.Kind.AVERAGE, wire.numBytes(segments));
        for (Tensor segment : segments) {
            scale(segment, share);
            for (int round = 0; round < numReplicas() - 1; round++) {
                links.exchange(new Slice(segment, rank - round, false), new AddingSlice(segment, rank - round - 1));
            }
            for (int round = 0; round < numReplicas() - 1; round++) {
                links.exchange(new Slice(segment, rank + 1 - round, true), new StoringSlice(segment, rank - round));
            }
        }
    }

    @Override
    public double[] allReduce(double... values) {
        if (numReplicas() == 1) {
            return values.clone();
        }
        int width = values.length * Double.BYTES;
        begin(Collective.Kind.ALL_REDUCE, width);
        ByteBuffer table = direct(width * numReplicas()); // (P, n)
        table.position(rank * width);
        for (double value : values) {
            table.putDouble(value);
        }
        for (int round = 0; round < numReplicas() - 1; round++) {
            exchange(row(table, rank - round, width), row(table, rank - round - 1, width));
        }
        double[] sum = new double[values.length]; // (n)
        for (int r = 0; r < numReplicas(); r++) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += table.getDouble(r * width + i * Double.BYTES);
            }
        }
        return sum;
    }

    private ByteBuffer row(ByteBuffer table, int member, int width) {
        return table.slice(Math.floorMod(member, numReplicas()) * width, width).order(ByteOrder.nativeOrder());
    }

    /** Shows the next member what comes now, and learns that the previous one is at the same. */
    private void begin(Collective.Kind kind, long bytes) {
        current = current.next(kind, bytes);
        ByteBuffer its = direct(Collective.BYTES);
        exchange(current.encode(), its);
        Collective previous = Collective.decode(its.flip());
        if (!previous.equals(current)) {
            close();
            throw new IllegalStateException(current.differsFrom(previous, rank, group.previous(rank)));
        }
    }

    private void exchange(ByteBuffer out, ByteBuffer in) {
        links.exchange(once(out), full -> full == null ? in : null);
    }

    private static Supplier<ByteBuffer> once(ByteBuffer buffer) {
        return () -> buffer.hasRemaining() ? buffer : null;
    }

    private static void scale(Tensor segment, double share) {
        int chunk = chunkElements(segment);
        for (long at = 0; at < segment.cols(); at += chunk) {
            HostChunk.of(segment, (int) at, (int) Math.min(segment.cols(), at + chunk))
                    .scale(share);
        }
    }

    private static int chunkElements(Tensor segment) {
        return CHUNK_BYTES / segment.type().width();
    }

    @Override
    public void close() {
        if (links != null) {
            links.close();
        }
    }

    /** Walks over the chunks of one slice of a segment; as it stands, it hands them out to be sent. */
    private class Slice implements Supplier<ByteBuffer> {
        final Tensor segment; // (1, length)
        private final boolean rounding;
        private final int end;
        private int at;

        /** @param rounding whether what loses digits on its way is to lose them here too */
        Slice(Tensor segment, int slice, boolean rounding) {
            int p = numReplicas();
            long s = Math.floorMod(slice, p);
            this.segment = segment;
            this.rounding = rounding;
            this.at = (int) (segment.cols() * s / p);
            this.end = (int) (segment.cols() * (s + 1) / p);
        }

        /** The next chunk, or null after the last. */
        HostChunk next() {
            if (at == end) {
                return null;
            }
            int from = at;
            at = Math.min(end, from + Math.min(end - from, chunkElements(segment)));
            return HostChunk.of(segment, from, at);
        }

        @Override
        public ByteBuffer get() {
            HostChunk chunk = next();
            if (chunk == null || !shortened()) {
                return chunk == null ? null : chunk.bytes();
            }
            ByteBuffer encoded = WireFormat.encode(chunk.bytes(), sending);
            if (rounding) {
                WireFormat.decode(encoded, chunk.bytes());
                chunk.store();
            }
            return encoded;
        }

        boolean shortened() {
            return wire.shortens(segment.type());
        }
    }

    /** Works what comes in into the chunks of a slice. */
    private abstract class ReceivingSlice extends Slice implements UnaryOperator<ByteBuffer> {
        private HostChunk current;

        ReceivingSlice(Tensor segment, int slice) {
            super(segment, slice, false);
        }

        abstract void take(ByteBuffer full, HostChunk chunk);

        /** Where {@code chunk} is to be received. */
        abstract ByteBuffer target(HostChunk chunk);

        @Override
        public ByteBuffer apply(ByteBuffer full) {
            if (full != null) {
                take(full.flip(), current);
            }
            current = next();
            return current == null ? null : target(current);
        }

        /** Beside the chunk, from where it is worked in. */
        ByteBuffer aside(HostChunk chunk) {
            int elements = chunk.bytes().remaining() / segment.type().width();
            return received.clear().limit(elements * wire.width(segment.type()));
        }
    }

    /** Adds what comes in to the chunks of a slice. */
    private final class AddingSlice extends ReceivingSlice {
        AddingSlice(Tensor segment, int slice) {
            super(segment, slice);
        }

        @Override
        void take(ByteBuffer full, HostChunk chunk) {
            if (shortened()) {
                WireFormat.add(full, chunk.bytes());
                chunk.store();
            } else {
                chunk.add(full);
            }
        }

        @Override
        ByteBuffer target(HostChunk chunk) {
            return aside(chunk);
        }
    }

    /** Puts what comes in into the chunks of a slice. */
    private final class StoringSlice extends ReceivingSlice {
        StoringSlice(Tensor segment, int slice) {
            super(segment, slice);
        }

        @Override
        void take(ByteBuffer full, HostChunk chunk) {
            if (shortened()) {
                WireFormat.decode(full, chunk.bytes());
            }
            chunk.store();
        }

        @Override
        ByteBuffer target(HostChunk chunk) {
            return shortened() ? aside(chunk) : chunk.bytes();
        }
    }
}
