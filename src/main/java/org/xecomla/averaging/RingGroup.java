package org.xecomla.averaging;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * What the members of one ring know of each other before they meet: handed out by Spark, shown at every handshake.
 *
 * <p>A connection that cannot show the same run, generation, size and token is not of this ring: a stranger, or a task
 * of an earlier leg that has not yet noticed its end.
 *
 * @param runId names the run in messages
 * @param generation counts the legs of the run
 * @param token secret of this leg, known only to those whom Spark gave it
 */
public record RingGroup(String runId, int generation, int numReplicas, byte[] token) implements Serializable {
    private static final int MAGIC = 0x5845434f; // "XECO"
    private static final int TOKEN_BYTES = 32;
    private static final int MAX_RUN_ID_CHARS = 1 << 12;

    public RingGroup {
        if (numReplicas < 1 || token.length != TOKEN_BYTES || runId.length() > MAX_RUN_ID_CHARS) {
            throw new IllegalArgumentException(
                    "no ring of " + numReplicas + " replicas with a token of " + token.length);
        }
        token = token.clone();
    }

    /** A group with a fresh random token. */
    public static RingGroup create(String runId, int generation, int numReplicas) {
        byte[] token = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(token);
        return new RingGroup(runId, generation, numReplicas, token);
    }

    int next(int rank) {
        return (rank + 1) % numReplicas;
    }

    int previous(int rank) {
        return (rank + numReplicas - 1) % numReplicas;
    }

    /** Introduces the member {@code rank}. */
    void introduce(int rank, DataOutputStream out) throws IOException {
        out.writeInt(MAGIC);
        out.write(token);
        out.writeUTF(runId);
        out.writeInt(generation);
        out.writeInt(numReplicas);
        out.writeInt(rank);
        out.flush();
    }

    /** Reads an introduction; null when it is of member {@code rank}, else what is wrong with it. */
    String refuse(int rank, DataInputStream in) throws IOException {
        if (in.readInt() != MAGIC) {
            return "it does not speak this protocol";
        }
        byte[] shown = in.readNBytes(TOKEN_BYTES);
        String run = in.readUTF();
        int itsGeneration = in.readInt();
        int itsSize = in.readInt();
        int itsRank = in.readInt();
        if (!MessageDigest.isEqual(shown, token)) {
            return "it does not know the token of this leg";
        }
        if (!run.equals(runId) || itsGeneration != generation || itsSize != numReplicas) {
            return "it belongs to run " + run + ", leg " + itsGeneration + ", " + itsSize + " replicas";
        }
        return itsRank == rank ? null : "it is replica " + itsRank + ", not " + rank;
    }

    @Override
    public byte[] token() {
        return token.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RingGroup group
                && group.runId.equals(runId)
                && group.generation == generation
                && group.numReplicas == numReplicas
                && Arrays.equals(group.token, token);
    }

    @Override
    public int hashCode() {
        return runId.hashCode() * 31 + generation;
    }

    /** Without the token, which does not belong into logs. */
    @Override
    public String toString() {
        return "run " + runId + ", leg " + generation + ", " + numReplicas + " replicas";
    }
}
