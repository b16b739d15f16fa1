package org.xecomla.corpus.shards;

import java.util.function.LongFunction;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardHeader;
import org.xecomla.files.ShardWriter;

/**
 * Writes token shards: sequences of T ids, 16 or 32 bits each, T bits where not all are learned, and T where documents
 * do not see each other, in zstd blocks with checksums and an index.
 */
public final class TokenShardWriter {
    private TokenShardWriter() {}

    /** {@link #writeSequences} of tokens that are all learned. */
    public static String write(Path directory, TokenShardSpec spec, int shard, LongFunction<int[]> sequences) {
        return writeSequences(directory, spec, shard, sequence -> TokenSequence.of(sequences.apply(sequence)));
    }

    /**
     * Writes shard {@code shard} of {@code directory} atomically. Which task writes it, and how often, changes nothing:
     * the bytes follow from the arguments.
     *
     * @param sequences the T tokens of a sequence by its global number; asked in order, each once
     * @return the shard's digest
     */
    public static String writeSequences(
            Path directory, TokenShardSpec spec, int shard, LongFunction<TokenSequence> sequences) {
        ShardHeader header = spec.header(shard);
        SequenceBytes bytes = spec.bytes();
        return ShardWriter.write(ShardDirectory.file(directory, TokenShards.KIND, shard), header, writer -> {
            for (int i = 0; i < header.numSequences(); i++) {
                long sequence = header.firstSequence() + i;
                TokenSequence tokens = sequences.apply(sequence);
                check(tokens.ids(), spec, sequence);
                writer.add(bytes.encode(tokens));
            }
        });
    }

    /** Whether shard {@code shard} is there, sound and of this very spec. */
    public static boolean isComplete(Path directory, TokenShardSpec spec, int shard) {
        return ShardDirectory.isComplete(ShardDirectory.file(directory, TokenShards.KIND, shard), spec.header(shard));
    }

    private static void check(int[] ids, TokenShardSpec spec, long sequence) {
        if (ids.length != spec.sequenceLength()) {
            throw new IllegalArgumentException(
                    "sequence " + sequence + " has " + ids.length + " ids, not " + spec.sequenceLength());
        }
        for (int id : ids) {
            if (id < 0 || id >= spec.vocabSize()) {
                throw new IllegalArgumentException(
                        "sequence " + sequence + " has id " + id + ", the vocabulary " + spec.vocabSize());
            }
        }
    }
}
