package org.xecomla.averaging;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.security.SecureRandom;

/**
 * How two members of a ring know each other on a new connection, without waiting and without showing the secret they
 * share:
 *
 * <pre>
 * connects: HELLO = magic, leg, replicas, own rank, nonce      accepts: nonce
 * connects: MAC(token; "connects", run, ranks, HELLO, nonce)   accepts: MAC(token; "accepts", run, ranks, HELLO, nonce)
 * connects: one byte, that it believes the other
 * </pre>
 *
 * The nonces are drawn for every connection, so that what was overheard on another one is worth nothing; what is said
 * in clear is believed in messages only. All parts have a fixed length, and there are no more: whatever a stranger
 * sends, he costs a few bytes of memory and the time until the caller's patience ends.
 */
final class RingHandshake {
    private static final int MAGIC = 0x58454332; // "XEC2"
    private static final int NONCE_BYTES = 16;
    private static final int HELLO_BYTES = 4 * Integer.BYTES + NONCE_BYTES;
    private static final int[] PART_BYTES = {HELLO_BYTES, NONCE_BYTES, RingGroup.MAC_BYTES, RingGroup.MAC_BYTES, 1};
    private static final String CONNECTS = "connects";
    private static final String ACCEPTS = "accepts";

    private final RingGroup group;
    private final int rank;
    private final int other;
    private final SocketChannel channel;
    private final boolean connecting;
    private final ByteBuffer[] parts = new ByteBuffer[PART_BYTES.length];
    private int part; // the one under way

    private RingHandshake(RingGroup group, int rank, int other, SocketChannel channel, boolean connecting) {
        this.group = group;
        this.rank = rank;
        this.other = other;
        this.channel = channel;
        this.connecting = connecting;
        begin();
    }

    /** Of member {@code rank}, which has connected {@code channel}, no blocking one, to the next one. */
    static RingHandshake connecting(RingGroup group, int rank, SocketChannel channel) {
        return new RingHandshake(group, rank, group.next(rank), channel, true);
    }

    /** Of member {@code rank}, which has accepted {@code channel}, no blocking one, and wants the previous one. */
    static RingHandshake accepting(RingGroup group, int rank, SocketChannel channel) {
        return new RingHandshake(group, rank, group.previous(rank), channel, false);
    }

    SocketChannel channel() {
        return channel;
    }

    /** What the next {@link #advance} waits for. */
    int interest() {
        return isMine() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    }

    /**
     * Goes as far as it can without waiting; whether both sides know each other now.
     *
     * @throws IOException with what is wrong with the other side
     */
    boolean advance() throws IOException {
        while (part < parts.length) {
            if (isMine()) {
                channel.write(parts[part]);
            } else if (channel.read(parts[part]) < 0) {
                throw new IOException("it has left");
            }
            if (parts[part].hasRemaining()) {
                return false;
            }
            if (!isMine()) {
                check();
            }
            part++;
            if (part < parts.length) {
                begin();
            }
        }
        return true;
    }

    /** Whether the part under way is this side's to say: they take turns. */
    private boolean isMine() {
        return part % 2 == 0 == connecting;
    }

    private void begin() {
        parts[part] = ByteBuffer.allocate(PART_BYTES[part]);
        if (!isMine()) {
            return;
        }
        switch (part) {
            case 0 ->
                parts[0].putInt(MAGIC)
                        .putInt(group.generation())
                        .putInt(group.numReplicas())
                        .putInt(rank)
                        .put(nonce());
            case 1 -> parts[1].put(nonce());
            case 2 -> parts[2].put(proof(CONNECTS));
            case 3 -> parts[3].put(proof(ACCEPTS));
            default -> parts[part].put((byte) 1);
        }
        parts[part].flip();
    }

    private void check() throws IOException {
        switch (part) {
            case 0 -> checkHello(parts[0].duplicate().flip());
            case 2 -> checkProof(CONNECTS);
            case 3 -> checkProof(ACCEPTS);
            default -> {} // a nonce is any bytes, and the last byte is there
        }
    }

    private void checkHello(ByteBuffer hello) throws IOException {
        if (hello.getInt() != MAGIC) {
            throw new IOException("it does not speak this protocol");
        }
        int generation = hello.getInt();
        int numReplicas = hello.getInt();
        int itsRank = hello.getInt();
        if (generation != group.generation() || numReplicas != group.numReplicas()) {
            throw new IOException("it belongs to leg " + generation + " of " + numReplicas + " replicas");
        }
        if (itsRank != other) {
            throw new IOException("it is replica " + itsRank + ", not " + other);
        }
    }

    private void checkProof(String role) throws IOException {
        if (!MessageDigest.isEqual(parts[part].array(), proof(role))) {
            throw new IOException("it does not know the token of this leg");
        }
    }

    /** What only a member can make of the nonces of this connection. */
    private byte[] proof(String role) {
        String ranks = connecting ? rank + ">" + other : other + ">" + rank;
        return group.mac(role + " " + ranks, parts[0].array(), parts[1].array());
    }

    private static byte[] nonce() {
        byte[] nonce = new byte[NONCE_BYTES];
        new SecureRandom().nextBytes(nonce);
        return nonce;
    }
}
