package org.xecomla.targets;

import java.util.Map;
import java.util.function.IntFunction;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardPlan;
import org.xecomla.nn.loss.SoftLabels;

/**
 * A teacher's targets for the sequences of token shards, by the same numbers. Thread-safe; a flipped or missing byte is
 * an error that names file and block.
 */
public final class TargetShards implements AutoCloseable {
    private final ShardDirectory shards;
    private final TargetShardSpec spec;

    private TargetShards(ShardDirectory shards, TargetShardSpec spec) {
        this.shards = shards;
        this.spec = spec;
    }

    /**
     * Opens the target shards in {@code directory}.
     *
     * @throws UserException where there are none, or one is missing or damaged
     */
    public static TargetShards open(Path directory) {
        ShardDirectory shards = ShardDirectory.open(directory, TargetShardSpec.KIND);
        try {
            return new TargetShards(shards, TargetShardSpec.of(shards));
        } catch (IllegalArgumentException | ConfigException e) {
            shards.close();
            throw new UserException(
                    "the targets in " + DataFiles.display(directory) + " are described as none can be ("
                            + e.getMessage() + "): make them again, in a new directory",
                    e);
        }
    }

    public TargetShardSpec spec() {
        return spec;
    }

    public long numSequences() {
        return spec.plan().numSequences();
    }

    public int numShards() {
        return spec.plan().numShards();
    }

    /** The targets of sequence {@code sequence}: T rows, in the order of the student's positions. */
    public SoftLabels read(long sequence) {
        byte[] record = shards.read(sequence);
        try {
            SoftLabels targets = spec.codec().decode(record, spec.sequenceLength(), spec.vocabSize());
            return TargetAlignment.NEXT_TOKEN.toPositions(targets);
        } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
            // Right checksums over what cannot be: nobody of us has written that.
            throw new UserException(
                    "the targets of sequence " + sequence + " in " + DataFiles.display(shards.directory())
                            + " are none of targets.codec = "
                            + spec.codec().settings().get("codec") + ": make them again, in a new directory",
                    e);
        }
    }

    /** SHA-256 of shard {@code shard}'s header and records. */
    public String digest(int shard) {
        return shards.digest(shard);
    }

    /** Reads everything and compares every checksum. */
    public void verify() {
        shards.verify();
    }

    /**
     * Refuses token shards other than those that the targets were made for.
     *
     * @param packing how the documents became the tokens, the tokenizer's digest included
     * @param tokenDigest digest of each token shard
     */
    public void requireCovers(
            ShardPlan plan, int sequenceLength, Map<String, String> packing, IntFunction<String> tokenDigest) {
        packing.forEach((key, value) -> {
            if (!value.equals(spec.packing().get(key))) {
                throw mismatch("for tokens of " + key + " = " + spec.packing().get(key) + ", that of the tokens is now "
                        + value);
            }
        });
        if (!plan.equals(spec.plan()) || sequenceLength != spec.sequenceLength()) {
            throw mismatch("of " + spec.plan() + " with " + spec.sequenceLength() + " tokens each, the tokens are "
                    + plan + " with " + sequenceLength);
        }
        for (int i = 0; i < plan.numShards(); i++) {
            requireCovers(i, tokenDigest.apply(i));
        }
    }

    /**
     * As {@link #requireCovers(ShardPlan, int, Map, IntFunction)}, for one shard: what a task that reads only that
     * checks.
     */
    public void requireCovers(int shard, String tokenDigest) {
        String made = TargetShardSpec.tokenDigest(shards.shard(shard).header());
        if (!tokenDigest.equals(made)) {
            throw mismatch("for token shard " + shard + " with digest " + made + ", that shard's digest is now "
                    + tokenDigest);
        }
    }

    /** Refuses another teacher than the one that made the targets. */
    public void requireTeacher(String digest) {
        if (!digest.equals(spec.teacherDigest())) {
            throw mismatch(
                    "by a teacher with digest " + spec.teacherDigest() + ", the teacher's digest is now " + digest);
        }
    }

    /** Refuses a student's temperature other than that of the targets. */
    public void requireTemperature(double temperature) {
        if (temperature != spec.codec().temperature()) {
            throw mismatch("at temperature " + spec.codec().temperature() + ", the student's is " + temperature);
        }
    }

    /** Refuses a student that has not all the ids that the targets are over. */
    public void requireVocabulary(int vocabSize) {
        if (vocabSize < spec.vocabSize()) {
            throw mismatch("over a vocabulary of " + spec.vocabSize() + ", the student's has " + vocabSize);
        }
    }

    private UserException mismatch(String what) {
        return new UserException("the targets in " + DataFiles.display(shards.directory()) + " were made " + what
                + ": make them again, in a new directory");
    }

    @Override
    public void close() {
        shards.close();
    }
}
