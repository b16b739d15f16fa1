package org.xecomla.spark.leg;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.xecomla.averaging.Collective;
import org.xecomla.averaging.HostChunk;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.averaging.RingAveraging;
import org.xecomla.averaging.RingGroup;
import org.xecomla.averaging.RingLostException;
import org.xecomla.averaging.WireFormat;
import org.xecomla.tensor.Tensor;

/**
 * Averaging through Spark's own block storage, for clusters that forbid other connections between executors: {@code
 * distill.averaging = driver}. Slower than {@link RingAveraging}, since every block goes through a heap and the driver
 * is asked where it lies, and the check of it in tests.
 *
 * <p>A window of the parameters at a time is cut into P slices: every member publishes the slices of all others, adds
 * up its own in the order of ranks, and publishes the sum. A member's blocks are removed once all others have shown
 * that they have read them: the sum of member s comes after it has read all slices, its next slices after it has read
 * all sums.
 */
final class BlockAveraging implements ParameterAveraging {
    private static final int WINDOW_BYTES = 16 << 20;

    private final RingGroup group;
    private final int rank;
    private final WireFormat wire;
    private final BlockExchange blocks;
    private Collective current = Collective.NONE;

    BlockAveraging(RingGroup group, int rank, WireFormat wire, BlockExchange blocks) {
        this.group = group;
        this.rank = rank;
        this.wire = wire;
        this.blocks = blocks;
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
        begin(Collective.Kind.AVERAGE, wire.numBytes(segments));
        for (Tensor segment : segments) {
            int window = WINDOW_BYTES / segment.type().width();
            for (long from = 0; from < segment.cols(); from += window) {
                int to = (int) Math.min(segment.cols(), from + window);
                Tensor part = segment.cols((int) from, to); // (1, n)
                HostChunk.of(part, 0, part.cols()).scale(share);
                average(part);
            }
        }
    }

    /** Every element of {@code window} (1, n) becomes its sum over the members. */
    private void average(Tensor window) {
        long slices = blocks.nextEvent();
        for (int to = 0; to < numReplicas(); to++) {
            if (to != rank && !isEmpty(window, to)) {
                blocks.publish(slices, to, encoded(window, to));
            }
        }
        if (!isEmpty(window, rank)) {
            addUp(window, slices);
        }
        long sums = blocks.nextEvent();
        if (!isEmpty(window, rank)) {
            ByteBuffer sum = encoded(window, rank);
            blocks.publish(sums, BlockExchange.ALL, sum.duplicate());
            put(sum, window, rank); // what loses digits on its way loses them here too
        }
        for (int from = 0; from < numReplicas(); from++) {
            if (from != rank && !isEmpty(window, from)) {
                put(blocks.fetch(sums, from, BlockExchange.ALL), window, from);
            }
        }
        blocks.removeUpTo(slices);
    }

    private void addUp(Tensor window, long slices) {
        HostChunk mine = slice(window, rank);
        ByteBuffer own = copy(mine.bytes());
        for (int from = 0; from < numReplicas(); from++) {
            ByteBuffer part = from == rank ? own : decoded(blocks.fetch(slices, from, rank), window);
            if (from == 0) {
                mine.bytes().duplicate().put(part);
                mine.store();
            } else {
                mine.add(part);
            }
        }
    }

    /** A slice as it travels. */
    private ByteBuffer encoded(Tensor window, int slice) {
        ByteBuffer bytes = slice(window, slice).bytes();
        return wire.shortens(window.type())
                ? WireFormat.encode(bytes, ByteBuffer.allocate(bytes.remaining() / Float.BYTES * Short.BYTES))
                : bytes;
    }

    /** What came, as elements in memory. */
    private ByteBuffer decoded(ByteBuffer came, Tensor window) {
        if (!wire.shortens(window.type())) {
            return came;
        }
        ByteBuffer values = ByteBuffer.allocate(came.remaining() / Short.BYTES * Float.BYTES)
                .order(ByteOrder.nativeOrder());
        WireFormat.decode(came, values);
        return values;
    }

    private void put(ByteBuffer came, Tensor window, int slice) {
        HostChunk chunk = slice(window, slice);
        chunk.bytes().duplicate().put(decoded(came.duplicate().order(ByteOrder.nativeOrder()), window));
        chunk.store();
    }

    private HostChunk slice(Tensor window, int slice) {
        return HostChunk.of(window, edge(window, slice), edge(window, slice + 1));
    }

    private boolean isEmpty(Tensor window, int slice) {
        return edge(window, slice) == edge(window, slice + 1);
    }

    private int edge(Tensor window, int slice) {
        return (int) ((long) window.cols() * slice / numReplicas());
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
        ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).order(ByteOrder.nativeOrder());
        return copy.put(bytes.duplicate()).flip();
    }

    @Override
    public double[] allReduce(double... values) {
        ByteBuffer mine = ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.nativeOrder());
        mine.asDoubleBuffer().put(values);
        begin(Collective.Kind.ALL_REDUCE, mine.capacity());
        double[] sum = new double[values.length];
        List<ByteBuffer> all = share(mine);
        for (ByteBuffer part : all) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += part.getDouble(i * Double.BYTES);
            }
        }
        return sum;
    }

    /** Makes sure that all are at the same collective. */
    private void begin(Collective.Kind kind, long bytes) {
        current = current.next(kind, bytes);
        List<ByteBuffer> all = share(current.encode());
        for (int from = 0; from < all.size(); from++) {
            Collective its = Collective.decode(all.get(from));
            if (!its.equals(current)) {
                throw new RingLostException(current.differsFrom(its, rank, from));
            }
        }
    }

    /** What each member gives, by rank. */
    private List<ByteBuffer> share(ByteBuffer mine) {
        long event = blocks.nextEvent();
        blocks.publish(event, BlockExchange.ALL, mine.duplicate());
        List<ByteBuffer> all = new ArrayList<>();
        for (int from = 0; from < numReplicas(); from++) {
            all.add(from == rank ? mine : blocks.fetch(event, from, BlockExchange.ALL));
        }
        blocks.removeUpTo(event - 1);
        return all;
    }

    @Override
    public void close() {
        blocks.close();
    }
}
