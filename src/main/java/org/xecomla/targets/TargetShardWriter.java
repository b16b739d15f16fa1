package org.xecomla.targets;

import org.apache.hadoop.fs.Path;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardWriter;

/** Writes target shards: one record a sequence, as {@link TargetEncoder#finish} gave it. */
public final class TargetShardWriter {
    private TargetShardWriter() {}

    /**
     * Writes shard {@code shard} of {@code directory} atomically.
     *
     * @param body adds the records of all sequences of the shard by {@link ShardWriter#add}, in the order of their
     *     numbers; a teacher may compute several at once
     * @param tokenDigest of the token shard that it covers
     * @return the shard's digest
     */
    public static String write(
            Path directory, TargetShardSpec spec, int shard, String tokenDigest, ShardWriter.Body body) {
        return ShardWriter.write(
                ShardDirectory.file(directory, TargetShardSpec.KIND, shard), spec.header(shard, tokenDigest), body);
    }

    /**
     * Whether shard {@code shard} is there and sound; a damaged one is to be written again.
     *
     * @throws org.xecomla.errors.UserException where it is sound and of another teacher, codec, tokenizer, packing or
     *     token shard; names both values
     */
    public static boolean isComplete(Path directory, TargetShardSpec spec, int shard, String tokenDigest) {
        Path file = ShardDirectory.file(directory, TargetShardSpec.KIND, shard);
        return ShardDirectory.isCompleteOrAbsent(file, spec.header(shard, tokenDigest));
    }
}
