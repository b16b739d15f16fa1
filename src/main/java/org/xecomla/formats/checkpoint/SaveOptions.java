package org.xecomla.formats.checkpoint;

import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.safetensors.Dtype;

/**
 * How a model directory is written.
 *
 * @param dtype of all weights
 * @param maxShardBytes the weights are cut into files of at most this size, unless one tensor alone is larger
 * @param tokenizerFrom model directory whose tokenizer and generation files are copied, or a tokenizer.json; empty:
 *     none
 * @param chatTemplate text of the template in place of the tokenizer's; empty: that one
 */
public record SaveOptions(
        Dtype dtype, long maxShardBytes, Optional<Path> tokenizerFrom, Optional<String> chatTemplate) {
    /** What Hugging Face cuts at. */
    public static final long MAX_SHARD_BYTES = 5_000_000_000L;

    public SaveOptions {
        if (!dtype.isWeight() || maxShardBytes < 1) {
            throw new IllegalArgumentException("no model of " + dtype + " in files of " + maxShardBytes + " bytes");
        }
    }

    /** With the tokenizer's own chat template. */
    public SaveOptions(Dtype dtype, long maxShardBytes, Optional<Path> tokenizerFrom) {
        this(dtype, maxShardBytes, tokenizerFrom, Optional.empty());
    }

    /** Files of at most 5 GB. */
    public static SaveOptions of(Dtype dtype, Path tokenizerFrom) {
        return new SaveOptions(dtype, MAX_SHARD_BYTES, Optional.of(tokenizerFrom));
    }
}
