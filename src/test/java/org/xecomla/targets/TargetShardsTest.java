package org.xecomla.targets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardPlan;
import org.xecomla.nn.loss.SoftLabels;

class TargetShardsTest {
    private static final int LENGTH = 5;
    private static final int VOCAB_SIZE = 23;
    private static final ShardPlan PLAN = new ShardPlan(17, 7);
    private static final List<String> TOKEN_DIGESTS = List.of("aa", "bb", "cc");

    private static final SortedMap<String, String> PACKING = new TreeMap<>(
            Map.of("tokenizer", "tokenizer-1", "bos-token-id", "1", "attention-across-documents", "true"));

    @TempDir
    Path directory;

    static Stream<TargetCodec> codecs() {
        return Stream.of(new DenseCodec(2), new TopKCodec(2, 4), new SampledCodec(2, 6, true, 31));
    }

    private static byte[] record(TargetCodec codec, long sequence) {
        Random random = new Random(sequence);
        float[] logits = new float[LENGTH * VOCAB_SIZE]; // (T, V)
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextGaussian();
        }
        return TeacherLogits.record(codec, logits, LENGTH, sequence);
    }

    private static TargetShardSpec spec(TargetCodec codec) {
        return new TargetShardSpec(PLAN, LENGTH, VOCAB_SIZE, codec, "teacher-1", PACKING);
    }

    private void write(TargetCodec codec, int shard) {
        TargetShardWriter.write(base(), spec(codec), shard, TOKEN_DIGESTS.get(shard), writer -> {
            for (int i = 0; i < PLAN.numSequencesOf(shard); i++) {
                writer.add(record(codec, PLAN.firstSequence(shard) + i));
            }
        });
    }

    private org.apache.hadoop.fs.Path base() {
        return DataFiles.path(directory.toString());
    }

    @ParameterizedTest
    @MethodSource("codecs")
    void everySequencesTargetsComeBack(TargetCodec codec) {
        for (int shard : new int[] {2, 0, 1}) {
            write(codec, shard);
        }
        try (TargetShards shards = TargetShards.open(base())) {
            assertEquals(spec(codec), shards.spec());
            assertEquals(17, shards.numSequences());
            shards.verify();
            for (long s = 16; s >= 0; s--) {
                SoftLabels expected = codec.decode(record(codec, s), LENGTH, VOCAB_SIZE);
                assertArrayEquals(values(expected), values(shards.read(s)), "sequence " + s);
            }
        }
    }

    private static float[] values(SoftLabels labels) {
        if (labels instanceof SoftLabels.Dense dense) {
            return dense.probabilities();
        }
        return labels instanceof SoftLabels.TopK topK ? topK.probabilities() : ((SoftLabels.Sampled) labels).weights();
    }

    @Test
    void whatDoesNotBelongTogetherIsRefusedWithBothValues() {
        for (int shard = 0; shard < 3; shard++) {
            write(new TopKCodec(2, 4), shard);
        }
        try (TargetShards shards = TargetShards.open(base())) {
            shards.requireCovers(PLAN, LENGTH, PACKING, TOKEN_DIGESTS::get);
            shards.requireTeacher("teacher-1");
            shards.requireTemperature(2);
            shards.requireVocabulary(VOCAB_SIZE);
            refuses("bb", "xx", () -> shards.requireCovers(1, "xx"));
            refuses(
                    "cc",
                    "bb",
                    () -> shards.requireCovers(PLAN, LENGTH, PACKING, i -> TOKEN_DIGESTS.get(Math.min(i, 1))));
            refuses(
                    "sequencesPerShard=7",
                    "sequencesPerShard=8",
                    () -> shards.requireCovers(new ShardPlan(17, 8), LENGTH, PACKING, TOKEN_DIGESTS::get));
            refuses("5", "6", () -> shards.requireCovers(PLAN, 6, PACKING, TOKEN_DIGESTS::get));
            refuses("tokenizer-1", "tokenizer-2", () -> requirePacking(shards, "tokenizer", "tokenizer-2"));
            refuses("bos-token-id = 1", "now -1", () -> requirePacking(shards, "bos-token-id", "-1"));
            String attention = "attention-across-documents";
            refuses(attention + " = true", "now false", () -> requirePacking(shards, attention, "false"));
            refuses("key-of-later = null", "now true", () -> requirePacking(shards, "key-of-later", "true"));
            refuses("teacher-1", "teacher-2", () -> shards.requireTeacher("teacher-2"));
            refuses("2.0", "1.0", () -> shards.requireTemperature(1));
            shards.requireVocabulary(24); // a student that is padded further
            refuses("23", "22", () -> shards.requireVocabulary(22));
        }
    }

    private static void requirePacking(TargetShards shards, String key, String value) {
        SortedMap<String, String> packing = new TreeMap<>(PACKING);
        packing.put(key, value);
        shards.requireCovers(PLAN, LENGTH, packing, TOKEN_DIGESTS::get);
    }

    private static void refuses(String made, String given, Executable check) {
        String message = assertThrows(UserException.class, check).getMessage();
        assertTrue(message.contains(made) && message.contains(given), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void aStageGoesOnWhereItStopped() throws IOException {
        TargetCodec codec = new SampledCodec(2, 6, false, 31);
        write(codec, 0);
        assertTrue(TargetShardWriter.isComplete(base(), spec(codec), 0, "aa"));
        assertFalse(TargetShardWriter.isComplete(base(), spec(codec), 1, "bb"));
        refuses("tokens = aa", "xx", () -> TargetShardWriter.isComplete(base(), spec(codec), 0, "xx"));
        TargetCodec other = new SampledCodec(2, 6, false, 32);
        refuses("seed = 31", "32", () -> TargetShardWriter.isComplete(base(), spec(other), 0, "aa"));
        assertThrows(UserException.class, () -> TargetShards.open(base()));
        Path file = directory.resolve("targets-00000.shard");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 1));
        assertFalse(TargetShardWriter.isComplete(base(), spec(codec), 0, "aa"));
        write(codec, 0);
        assertArrayEquals(bytes, Files.readAllBytes(file), "the same bytes, whoever writes them");
    }
}
