package org.xecomla.files;

import java.io.Serializable;
import org.xecomla.errors.ConfigException;

/**
 * How numbered sequences are cut into shards: shard i holds the sequences [i * sequencesPerShard, (i + 1) *
 * sequencesPerShard), the last one what is left. It knows nothing of executors or partitions.
 */
public record ShardPlan(long numSequences, int sequencesPerShard) implements Serializable {
    public ShardPlan {
        if (numSequences < 1 || sequencesPerShard < 1) {
            throw new ConfigException(
                    "no shards of " + sequencesPerShard + " sequences over " + numSequences + " sequences");
        }
        if ((numSequences - 1) / sequencesPerShard >= Integer.MAX_VALUE) {
            throw new ConfigException(numSequences + " sequences in shards of " + sequencesPerShard
                    + " are too many shards: raise the sequences per shard");
        }
    }

    public int numShards() {
        return (int) ((numSequences - 1) / sequencesPerShard) + 1;
    }

    public int shardOf(long sequence) {
        if (sequence < 0 || sequence >= numSequences) {
            throw new IndexOutOfBoundsException("sequence " + sequence + " of " + numSequences);
        }
        return (int) (sequence / sequencesPerShard);
    }

    public long firstSequence(int shard) {
        if (shard < 0 || shard >= numShards()) {
            throw new IndexOutOfBoundsException("shard " + shard + " of " + numShards());
        }
        return (long) shard * sequencesPerShard;
    }

    /** Number of sequences of shard {@code shard}. */
    public int numSequencesOf(int shard) {
        return (int) Math.min(sequencesPerShard, numSequences - firstSequence(shard));
    }
}
