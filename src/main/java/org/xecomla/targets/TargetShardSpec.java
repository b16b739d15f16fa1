package org.xecomla.targets;

import java.util.Map;
import java.util.TreeMap;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardHeader;
import org.xecomla.files.ShardPlan;

/**
 * What the target shards of a directory have in common.
 *
 * @param plan that of the token shards: target shard i covers exactly token shard i
 * @param sequenceLength T
 * @param vocabSize V of the teacher
 * @param codec with its parameters, temperature and seed
 * @param teacherDigest names the teacher's weights
 */
public record TargetShardSpec(
        ShardPlan plan, int sequenceLength, int vocabSize, TargetCodec codec, String teacherDigest) {
    static final String KIND = "targets";
    private static final String TOKENS = "tokens";

    static TargetShardSpec of(ShardDirectory shards) {
        return new TargetShardSpec(
                shards.plan(),
                shards.intSetting("sequence-length"),
                shards.intSetting("vocab-size"),
                TargetCodec.of(shards::setting),
                shards.setting("teacher"));
    }

    static String tokenDigest(ShardHeader header) {
        return header.inputs().get(TOKENS);
    }

    ShardHeader header(int shard, String tokenDigest) {
        Map<String, String> settings = new TreeMap<>(codec.settings());
        settings.put("sequence-length", Integer.toString(sequenceLength));
        settings.put("vocab-size", Integer.toString(vocabSize));
        settings.put("teacher", teacherDigest);
        return ShardHeader.of(KIND, plan, shard, recordsPerBlock(), settings, Map.of(TOKENS, tokenDigest));
    }

    /** Blocks of some 64 KiB: training reads one sequence here and one there. */
    private int recordsPerBlock() {
        return (int) Math.max(1, (1 << 16) / codec.typicalRecordBytes(sequenceLength, vocabSize));
    }
}
