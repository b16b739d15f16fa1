package org.xecomla.targets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardPlan;
import org.xecomla.nn.loss.SoftLabels;

/** Small target shards of every codec. */
public final class SoundTargets {
    private static final int LENGTH = 5;
    private static final int VOCAB_SIZE = 23;
    private static final ShardPlan PLAN = new ShardPlan(2, 2);

    private static final List<TargetCodec> CODECS = List.of(
            new DenseCodec(2),
            new TopKCodec(2, 4),
            new SampledCodec(2, 6, false, 31),
            new SampledCodec(2, 6, true, 31));

    private SoundTargets() {}

    /** The only shard of {@code directory}. */
    public static Path file(Path directory) {
        return directory.resolve(
                ShardDirectory.file(path(directory), TargetShardSpec.KIND, 0).getName());
    }

    private static org.apache.hadoop.fs.Path path(Path directory) {
        return DataFiles.path(directory.toString());
    }

    /** A shard's bytes for each codec. */
    public static List<byte[]> make(Path directory) throws IOException {
        Random random = new Random(7);
        float[] logits = new float[LENGTH * VOCAB_SIZE]; // (T, V)
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextGaussian();
        }
        List<byte[]> all = new ArrayList<>();
        for (TargetCodec codec : CODECS) {
            TargetShardSpec spec = new TargetShardSpec(PLAN, LENGTH, VOCAB_SIZE, codec, "teacher", new TreeMap<>());
            TargetShardWriter.write(path(directory), spec, 0, "tokens", shard -> {
                for (int sequence = 0; sequence < PLAN.numSequences(); sequence++) {
                    shard.add(TeacherLogits.record(codec, logits, LENGTH, sequence));
                }
            });
            all.add(Files.readAllBytes(file(directory)));
        }
        return all;
    }

    /** What the shard says of its first sequences. */
    public static String read(Path directory) {
        StringBuilder said = new StringBuilder();
        try (TargetShards shards = TargetShards.open(path(directory))) {
            said.append(shards.spec());
            for (int sequence = 0; sequence < Math.min(PLAN.numSequences(), shards.numSequences()); sequence++) {
                SoftLabels targets = shards.read(sequence);
                said.append(targets.numRows()).append(Arrays.toString(targets.targeted()));
            }
        }
        return said.toString();
    }
}
