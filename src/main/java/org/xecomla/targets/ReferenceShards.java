package org.xecomla.targets;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardHeader;
import org.xecomla.files.ShardPlan;
import org.xecomla.files.ShardWriter;

/**
 * What the reference model says of the preferences of pair shards, by the same numbers: two log-probabilities a pair,
 * as doubles. Shard i covers exactly pair shard i and carries its digest, the model's and the tokenizer's. Thread-safe.
 */
public final class ReferenceShards implements AutoCloseable {
    private static final String KIND = "reference";
    private static final String MODEL = "model";
    private static final String TOKENIZER = "tokenizer";
    private static final String PAIRS = "pairs";
    private static final int PAIRS_PER_BLOCK = 4096;

    private final ShardDirectory shards;

    private ReferenceShards(ShardDirectory shards) {
        this.shards = shards;
    }

    /**
     * What the shards of a directory are bound to.
     *
     * @param plan that of the pair shards
     * @param modelDigest of the reference model
     * @param tokenizerDigest of the tokenizer that made the pairs
     */
    public record Spec(ShardPlan plan, String modelDigest, String tokenizerDigest) {
        private ShardHeader header(int shard, String pairDigest) {
            Map<String, String> settings = Map.of(MODEL, modelDigest, TOKENIZER, tokenizerDigest);
            return ShardHeader.of(KIND, plan, shard, PAIRS_PER_BLOCK, settings, Map.of(PAIRS, pairDigest));
        }
    }

    /** @throws UserException where there are none, or one is missing or damaged */
    public static ReferenceShards open(Path directory) {
        return new ReferenceShards(ShardDirectory.open(directory, KIND));
    }

    /** What the reference model says of pair {@code pair}. */
    public LogProbabilities read(long pair) {
        ByteBuffer record = ByteBuffer.wrap(shards.read(pair)).order(ByteOrder.LITTLE_ENDIAN);
        return new LogProbabilities(record.getDouble(), record.getDouble());
    }

    /** Refuses another reference model, tokenizer or cut than those the shards were made with, naming both. */
    public void requireOf(Spec spec) {
        requireEqual("by a reference model with digest ", shards.setting(MODEL), "the model's", spec.modelDigest);
        requireEqual("with a tokenizer of digest ", shards.setting(TOKENIZER), "the pairs'", spec.tokenizerDigest);
        requireEqual("of ", shards.plan().toString(), "the pairs'", spec.plan.toString());
    }

    /** Refuses a pair shard other than the one that the shard was made for. */
    public void requireCovers(int shard, String pairDigest) {
        String made = shards.shard(shard).header().inputs().get(PAIRS);
        requireEqual("for pair shard " + shard + " with digest ", made, "that shard's", pairDigest);
    }

    private void requireEqual(String what, String made, String whose, String now) {
        if (!now.equals(made)) {
            throw new UserException("the reference's log-probabilities in " + DataFiles.display(shards.directory())
                    + " were made " + what + made + ", " + whose + " is now " + now
                    + ": make them again, in a new directory");
        }
    }

    /** Whether shard {@code shard} is there, sound, and of this very model, tokenizer and pair shard. */
    public static boolean isComplete(Path directory, Spec spec, int shard, String pairDigest) {
        return ShardDirectory.isComplete(ShardDirectory.file(directory, KIND, shard), spec.header(shard, pairDigest));
    }

    /**
     * Writes shard {@code shard} atomically.
     *
     * @param scores of its pairs, in order
     */
    public static void write(Path directory, Spec spec, int shard, String pairDigest, List<LogProbabilities> scores) {
        ShardWriter.write(
                ShardDirectory.file(directory, KIND, shard),
                spec.header(shard, pairDigest),
                writer -> scores.forEach(score -> writer.add(ByteBuffer.allocate(2 * Double.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putDouble(score.chosen())
                        .putDouble(score.rejected())
                        .array())));
    }

    @Override
    public void close() {
        shards.close();
    }
}
