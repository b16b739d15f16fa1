package org.xecomla.corpus.shards;

import java.util.Map;
import java.util.TreeMap;
import org.xecomla.corpus.tokenizer.TokenBytes;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardHeader;
import org.xecomla.files.ShardPlan;

/**
 * What the token shards of a directory have in common.
 *
 * @param plan how many sequences there are and how they are cut into shards
 * @param sequenceLength T
 * @param packing what became of the documents; binds whatever is made from the tokens
 * @param marked whether some tokens are not learned, so that sequences carry marks
 */
public record TokenShardSpec(ShardPlan plan, int sequenceLength, Packing packing, boolean marked) {
    private static final int BLOCK_BYTES = 1 << 16;

    private static final String MARKS = "marks";

    /** Sequences of which all tokens are learned. */
    public TokenShardSpec(ShardPlan plan, int sequenceLength, Packing packing) {
        this(plan, sequenceLength, packing, false);
    }

    static TokenShardSpec of(ShardDirectory shards) {
        return new TokenShardSpec(
                shards.plan(),
                shards.intSetting("sequence-length"),
                Packing.ofSettings(shards::setting),
                shards.settings().containsKey(MARKS));
    }

    public int vocabSize() {
        return packing.vocabSize();
    }

    SequenceBytes bytes() {
        return new SequenceBytes(TokenBytes.of(vocabSize()), marked, !packing.attentionAcrossDocuments());
    }

    ShardHeader header(int shard) {
        Map<String, String> settings = new TreeMap<>(packing.settings());
        settings.put("sequence-length", Integer.toString(sequenceLength));
        settings.put("dtype", TokenBytes.of(vocabSize()).name());
        if (marked) {
            settings.put(MARKS, "learned");
        }
        int recordBytes = sequenceLength * TokenBytes.of(vocabSize()).width();
        int perBlock = Math.max(1, BLOCK_BYTES / recordBytes);
        return ShardHeader.of(TokenShards.KIND, plan, shard, perBlock, settings, Map.of());
    }
}
