package org.xecomla.averaging;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What the members of one ring know of each other before they exchange anything: handed out by Spark, proved in every
 * handshake.
 *
 * <p>A connection that cannot prove the same run, generation, size and token is not of this ring: a stranger, or a task
 * of an earlier leg that has not yet noticed its end.
 *
 * @param runId names the run in messages
 * @param generation counts the legs of the run
 * @param token secret of this leg, known only to those whom Spark gave it
 */
public record RingGroup(String runId, int generation, int numReplicas, byte[] token) implements Serializable {
    private static final int TOKEN_BYTES = 32;
    private static final String MAC = "HmacSHA256";
    static final int MAC_BYTES = 32;
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

    /** What only those who know the token can make of {@code parts}, for this run and leg and {@code purpose}. */
    byte[] mac(String purpose, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(new SecretKeySpec(token, MAC));
            String scope = runId.length() + " " + runId + " " + generation + " " + numReplicas + " " + purpose;
            mac.update(scope.getBytes(StandardCharsets.UTF_8));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + MAC, e);
        }
    }

    /** A number of this leg, for names that others see. */
    public int publicNumber() {
        return ByteBuffer.wrap(mac("name")).getInt() & Integer.MAX_VALUE;
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
