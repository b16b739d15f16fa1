package org.xecomla.averaging;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.xecomla.errors.Printable;
import org.xecomla.files.Machine;
import org.xecomla.tensor.Tensor;

/** Whether all replicas hold the same bits, and on which machines those are that do not. */
final class SameBits {
    private static final int NAME_BYTES = 200;
    private static final int MOST_NAMED = 8;

    private SameBits() {}

    /** @throws IllegalStateException on every replica, naming those that differ from replica 0, and their machines */
    static void require(ParameterAveraging averaging, List<Tensor> segments) {
        long mine = checksum(segments);
        if (areEqual(averaging, mine & 0xFFFF, mine >>> Short.SIZE)) {
            return;
        }
        double[] sums = new double[averaging.numReplicas()];
        sums[averaging.rank()] = mine;
        double[] all = averaging.allReduce(sums); // each sum and zeros: exact
        int[] named = IntStream.range(0, all.length)
                .filter(rank -> rank == 0 || all[rank] != all[0])
                .limit(MOST_NAMED)
                .toArray();
        String[] machines = machines(averaging, named);
        List<String> others = new ArrayList<>();
        for (int i = 1; i < named.length; i++) {
            others.add("replica " + named[i] + " on " + machines[i]);
        }
        throw new IllegalStateException("other weights than replica 0 on " + machines[0] + " have: "
                + String.join(", ", others) + ". A memory or processor is broken, or the machines are of kinds that"
                + " compute differently: for those set averaged = weights, which makes them equal in every round");
    }

    /** Numbers below 2^16 are all the same where P times the sum of their squares is the square of their sum. */
    private static boolean areEqual(ParameterAveraging averaging, long low, long high) {
        long[] sums = DoubleStream.of(averaging.allReduce(low, low * low, high, high * high))
                .mapToLong(sum -> (long) sum)
                .toArray();
        long replicas = averaging.numReplicas();
        return replicas * sums[1] == sums[0] * sums[0] && replicas * sums[3] == sums[2] * sums[2];
    }

    private static long checksum(List<Tensor> segments) {
        CRC32C crc = new CRC32C();
        for (Tensor segment : segments) {
            for (long at = 0; at < segment.cols(); at += HostChunk.ELEMENTS) {
                int to = (int) Math.min(segment.cols(), at + HostChunk.ELEMENTS);
                crc.update(
                        HostChunk.of(segment, (int) at, to).bytes().duplicate().rewind());
            }
        }
        return crc.getValue();
    }

    /** What the replicas {@code named} say of their machines, a number a byte: all at once, in places of their own. */
    private static String[] machines(ParameterAveraging averaging, int[] named) {
        double[] bytes = new double[named.length * NAME_BYTES];
        byte[] mine = machine().getBytes(StandardCharsets.UTF_8);
        for (int n = 0; n < named.length; n++) {
            for (int i = 0; named[n] == averaging.rank() && i < Math.min(mine.length, NAME_BYTES); i++) {
                bytes[n * NAME_BYTES + i] = mine[i] & 0xFF;
            }
        }
        double[] all = averaging.allReduce(bytes);
        String[] names = new String[named.length];
        for (int n = 0; n < names.length; n++) {
            byte[] name = new byte[NAME_BYTES];
            for (int i = 0; i < NAME_BYTES; i++) {
                name[i] = (byte) (int) all[n * NAME_BYTES + i];
            }
            names[n] = Printable.of(new String(name, StandardCharsets.UTF_8).replace("\0", ""));
        }
        return names;
    }

    private static String machine() {
        String processor = Machine.processor();
        return Machine.hostName() + " (" + (processor.isEmpty() ? System.getProperty("os.arch") : processor) + ")";
    }
}
