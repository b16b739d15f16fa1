package org.xecomla.averaging;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One operation of all replicas together. Each shows it to others before anything else travels, so that replicas that
 * have lost step notice it and never take one thing for another.
 *
 * @param number counts the collectives of a group, 1 the first
 * @param numBytes that a replica gives
 */
public record Collective(long number, Kind kind, long numBytes) {
    /** Before the first. */
    public static final Collective NONE = new Collective(0, Kind.ALL_REDUCE, 0);

    /** What {@link #encode} takes. */
    public static final int BYTES = 3 * Long.BYTES;

    /** The operations of {@link ParameterAveraging}. */
    public enum Kind {
        AVERAGE,
        ALL_REDUCE
    }

    /** The one after this. */
    public Collective next(Kind its, long bytes) {
        return new Collective(number + 1, its, bytes);
    }

    public ByteBuffer encode() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());
        return bytes.putLong(number).putLong(kind.ordinal()).putLong(numBytes).flip();
    }

    /** What {@link #encode} has written. */
    public static Collective decode(ByteBuffer bytes) {
        ByteBuffer in = bytes.duplicate().order(ByteOrder.nativeOrder());
        return new Collective(in.getLong(), Kind.values()[Math.toIntExact(in.getLong())], in.getLong());
    }

    /** @return that two replicas are at different ones */
    public String differsFrom(Collective other, int rank, int otherRank) {
        return "replica " + rank + " is at " + this + ", replica " + otherRank + " at " + other;
    }

    @Override
    public String toString() {
        return "collective " + number + ", " + (kind == Kind.AVERAGE ? "averaging " : "all-reduce of ") + numBytes
                + " bytes";
    }
}
