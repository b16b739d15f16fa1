package org.xecomla.targets;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
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
 * @param packing how the documents became those tokens, the tokenizer's digest included; names and values
 */
public record TargetShardSpec(
        ShardPlan plan,
        int sequenceLength,
        int vocabSize,
        TargetCodec codec,
        String teacherDigest,
        SortedMap<String, String> packing) {
    static final String KIND = "targets";
    private static final String TOKENS = "tokens";
    private static final String PACKING = "packing.";
    private static final String FORMAT = "format";
    private static final String VERSION = "2"; // of the records

    public TargetShardSpec {
        packing = Collections.unmodifiableSortedMap(new TreeMap<>(packing));
    }

    /** @throws UserException where the records are of another version of this program */
    static TargetShardSpec of(ShardDirectory shards) {
        String format = shards.setting(FORMAT);
        if (!format.equals(VERSION)) {
            throw new UserException(
                    "the targets in " + DataFiles.display(shards.directory()) + " have records of format " + format
                            + ", this program reads format " + VERSION + ": make them again, in a new directory");
        }
        SortedMap<String, String> packing = new TreeMap<>();
        shards.settings().forEach((key, value) -> {
            if (key.startsWith(PACKING)) {
                packing.put(key.substring(PACKING.length()), value);
            }
        });
        return new TargetShardSpec(
                shards.plan(),
                shards.intSetting("sequence-length"),
                shards.intSetting("vocab-size"),
                TargetCodec.of(shards::setting),
                shards.setting("teacher"),
                packing);
    }

    static String tokenDigest(ShardHeader header) {
        return header.inputs().get(TOKENS);
    }

    ShardHeader header(int shard, String tokenDigest) {
        Map<String, String> settings = new TreeMap<>(codec.settings());
        settings.put(FORMAT, VERSION);
        settings.put("sequence-length", Integer.toString(sequenceLength));
        settings.put("vocab-size", Integer.toString(vocabSize));
        settings.put("teacher", teacherDigest);
        packing.forEach((key, value) -> settings.put(PACKING + key, value));
        return ShardHeader.of(KIND, plan, shard, recordsPerBlock(), settings, Map.of(TOKENS, tokenDigest));
    }

    /** Blocks of some 64 KiB: training reads one sequence here and one there. */
    private int recordsPerBlock() {
        return (int) Math.max(1, (1 << 16) / codec.typicalRecordBytes(sequenceLength, vocabSize));
    }
}
