package org.xecomla.teacher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShardSpec;
import org.xecomla.corpus.shards.TokenShardWriter;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardPlan;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.safetensors.Dtype;
import org.xecomla.safetensors.Integers;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.targets.DenseCodec;
import org.xecomla.targets.TargetShardSpec;
import org.xecomla.targets.TargetShardWriter;
import org.xecomla.targets.TargetShards;
import org.xecomla.targets.TopKCodec;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.nd4j.Nd4jKernels;
import org.xecomla.train.data.DistillationData;
import org.xecomla.train.data.TrainingSequence;

class TeacherTest {
    private static final Path MODEL = DataFiles.path("src/test/resources/golden/llama-gqa-tied");
    private static final SafetensorsFile EXPECTED = SafetensorsFile.open(new Path(MODEL, "expected.safetensors"));
    private static final int LENGTH = 23;
    private static final int NUM_SEQUENCES = 3;
    private static final ShardPlan PLAN = new ShardPlan(NUM_SEQUENCES, 2);

    @TempDir
    java.nio.file.Path temporary;

    private int vocabSize;
    private Path tokens;

    @BeforeEach
    void writeTokens() {
        vocabSize = ModelDirectory.open(MODEL).config().vocabSize();
        tokens = DataFiles.path(temporary.resolve("shards").toString());
        int[] ids = Integers.of(EXPECTED, "input_ids");
        TokenShardSpec spec =
                new TokenShardSpec(PLAN, LENGTH, new Packing("tokenizer", vocabSize, OptionalInt.empty(), true));
        for (int shard = 0; shard < PLAN.numShards(); shard++) {
            TokenShardWriter.write(
                    tokens, spec, shard, s -> Arrays.copyOfRange(ids, (int) s * LENGTH, ((int) s + 1) * LENGTH));
        }
    }

    /** The teacher's distributions for sequences of one length: (T, V) each. */
    private List<float[]> targetsOf(Teacher teacher, String name, List<TokenSequence> sequences) {
        Path directory = targets(name + "-tokens");
        int length = sequences.get(0).ids().length;
        ShardPlan plan = new ShardPlan(sequences.size(), sequences.size());
        Packing packing = new Packing("tokenizer", vocabSize, OptionalInt.empty(), false);
        TokenShardSpec tokenSpec = new TokenShardSpec(plan, length, packing);
        TokenShardWriter.writeSequences(directory, tokenSpec, 0, s -> sequences.get((int) s));
        try (TokenShards shards = TokenShards.open(directory)) {
            TargetShardSpec spec =
                    new TargetShardSpec(plan, length, vocabSize, new DenseCodec(1), "teacher", shards.packing());
            teacher.writeShard(shards, 0, targets(name), spec, n -> {});
        }
        try (TargetShards written = TargetShards.open(targets(name))) {
            return IntStream.range(0, sequences.size())
                    .mapToObj(s -> ((SoftLabels.Dense) written.read(s)).probabilities())
                    .toList();
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true"})
    void targetsOfPackedDocumentsAreThoseOfEachAlone(boolean nd4j, boolean streamed) {
        int[] ids = Integers.of(EXPECTED, "input_ids");
        int[][] borders = {{0, 9, 10, LENGTH}, {0, LENGTH}, {0, 3, 20, LENGTH}};
        List<TokenSequence> packed = new ArrayList<>();
        boolean[] learned = new boolean[LENGTH];
        Arrays.fill(learned, true);
        for (int s = 0; s < borders.length; s++) {
            boolean[] begins = new boolean[LENGTH];
            for (int d = 1; d + 1 < borders[s].length; d++) {
                begins[borders[s][d]] = true;
            }
            int[] window = Arrays.copyOfRange(ids, s * LENGTH, (s + 1) * LENGTH);
            packed.add(new TokenSequence(window, learned, begins));
        }
        TeacherShape shape = new TeacherShape(2, LENGTH, 5, streamed);
        try (Kernels kernels = nd4j ? new Nd4jKernels(ElementType.FLOAT) : new CpuKernels(2)) {
            List<float[]> together;
            try (Teacher teacher = new Teacher(ModelDirectory.open(MODEL), kernels, shape)) {
                together = targetsOf(teacher, "packed", packed);
            }
            for (int s = 0; s < borders.length; s++) {
                for (int d = 1; d < borders[s].length; d++) {
                    int from = borders[s][d - 1];
                    int to = borders[s][d];
                    TokenSequence document =
                            TokenSequence.of(Arrays.copyOfRange(packed.get(s).ids(), from, to));
                    try (Teacher teacher = Teacher.open(MODEL, kernels, 1, to - from)) {
                        float[] alone = targetsOf(teacher, "alone-" + s + "-" + d, List.of(document))
                                .get(0);
                        float[] part = Arrays.copyOfRange(together.get(s), from * vocabSize, to * vocabSize);
                        assertArrayEquals(alone, part, 1e-5f);
                    }
                }
            }
        }
    }

    private SortedMap<String, String> tokenPacking() {
        try (TokenShards shards = TokenShards.open(tokens)) {
            return shards.packing();
        }
    }

    private Path targets(String name) {
        return DataFiles.path(temporary.resolve(name).toString());
    }

    private double[] expected(int sequence, double temperature) {
        double[] logits = EXPECTED.readDoubles("logits");
        double[] out = new double[LENGTH * vocabSize];
        for (int t = 0; t < LENGTH; t++) {
            double sum = 0;
            for (int v = 0; v < vocabSize; v++) {
                double e = Math.exp(logits[(sequence * LENGTH + t) * vocabSize + v] / temperature);
                out[t * vocabSize + v] = e;
                sum += e;
            }
            for (int v = 0; v < vocabSize; v++) {
                out[t * vocabSize + v] /= sum;
            }
        }
        return out;
    }

    private static String[] write(Teacher teacher, TokenShards tokens, Path directory, TargetShardSpec spec) {
        String[] digests = new String[PLAN.numShards()];
        for (int shard = 0; shard < digests.length; shard++) {
            digests[shard] = teacher.writeShard(tokens, shard, directory, spec, n -> {});
        }
        return digests;
    }

    @Test
    void targetsAreTheTeachersDistributions() {
        TargetShardSpec spec =
                new TargetShardSpec(PLAN, LENGTH, vocabSize, new DenseCodec(1.5), "teacher", tokenPacking());
        try (Kernels kernels = new Nd4jKernels(ElementType.FLOAT);
                Teacher teacher =
                        new Teacher(ModelDirectory.open(MODEL), kernels, new TeacherShape(2, LENGTH, 5, false));
                TokenShards shards = TokenShards.open(tokens)) {
            AtomicLong seen = new AtomicLong();
            for (int shard = 0; shard < PLAN.numShards(); shard++) {
                teacher.writeShard(shards, shard, targets("a"), spec, seen::addAndGet);
                assertTrue(TargetShardWriter.isComplete(targets("a"), spec, shard, shards.digest(shard)));
            }
            assertEquals((long) NUM_SEQUENCES * LENGTH, seen.get());
            try (TargetShards written = TargetShards.open(targets("a"))) {
                written.requireCovers(shards.plan(), LENGTH, shards.packing(), shards::digest);
                for (int s = 0; s < NUM_SEQUENCES; s++) {
                    float[] found = ((SoftLabels.Dense) written.read(s)).probabilities();
                    double[] probabilities = new double[found.length];
                    for (int i = 0; i < found.length; i++) {
                        probabilities[i] = found[i];
                    }
                    assertArrayEquals(expected(s, 1.5), probabilities, 1e-5);
                }
            }
        }
    }

    @Test
    void repeatedWorkGivesTheSameBytesAndLeavesNoTrace() {
        TargetShardSpec spec =
                new TargetShardSpec(PLAN, LENGTH, vocabSize, new TopKCodec(1, 6), "teacher", tokenPacking());
        try (Kernels kernels = new Nd4jKernels(ElementType.FLOAT);
                Teacher first = Teacher.open(MODEL, kernels, 2, LENGTH);
                Teacher second = Teacher.open(MODEL, kernels, 2, LENGTH);
                TokenShards shards = TokenShards.open(tokens)) {
            String[] digests = write(first, shards, targets("a"), spec);
            assertArrayEquals(digests, write(first, shards, targets("b"), spec));
            assertArrayEquals(digests, write(second, shards, targets("c"), spec));
            assertFalse(digests[0].equals(digests[1]));
        }
    }

    /** A padded teacher of a student with fewer ids: its distributions over these, which sum to 1 again. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void targetsOverTheFirstIdsAreThoseOfAllScaledUp(boolean streamed) {
        int few = vocabSize - 7;
        try (Kernels kernels = new CpuKernels(1);
                TokenShards shards = TokenShards.open(tokens);
                Teacher teacher =
                        new Teacher(ModelDirectory.open(MODEL), kernels, new TeacherShape(2, LENGTH, 5, streamed))) {
            for (int numIds : new int[] {vocabSize, few}) {
                TargetShardSpec spec =
                        new TargetShardSpec(PLAN, LENGTH, numIds, new DenseCodec(1), "teacher", tokenPacking());
                write(teacher, shards, targets("over-" + numIds), spec);
            }
        }
        assertEquals(few, numLearnedIds(few));
        assertEquals(TrainingSequence.ALL_IDS, numLearnedIds(vocabSize));
        try (TargetShards whole = TargetShards.open(targets("over-" + vocabSize));
                TargetShards cut = TargetShards.open(targets("over-" + few))) {
            for (int s = 0; s < NUM_SEQUENCES; s++) {
                float[] p = ((SoftLabels.Dense) whole.read(s)).probabilities(); // (T, V)
                float[] q = ((SoftLabels.Dense) cut.read(s)).probabilities(); // (T, V - 7)
                assertEquals(LENGTH * few, q.length);
                for (int t = 0; t < LENGTH; t++) {
                    double sum = 0;
                    for (int i = 0; i < few; i++) {
                        sum += p[t * vocabSize + i];
                    }
                    for (int i = 0; i < few; i++) {
                        assertEquals(p[t * vocabSize + i] / Math.max(sum, 1e-30), q[t * few + i], 1e-6);
                    }
                }
            }
        }
    }

    /** Over how many ids a student of the teacher's size learns from targets over the first {@code numIds}. */
    private int numLearnedIds(int numIds) {
        ModelConfig student = ModelDirectory.open(MODEL).config();
        try (DistillationData data = DistillationData.open(tokens, targets("over-" + numIds), student, 1)) {
            return data.read(0).numIds();
        }
    }

    @Test
    void sequencesBeyondTheTeachersLengthAreRefused() {
        try (Kernels kernels = new Nd4jKernels(ElementType.FLOAT)) {
            ConfigException failure =
                    assertThrows(ConfigException.class, () -> Teacher.open(MODEL, kernels, 1, 100_000));
            assertTrue(failure.getMessage().contains("100000"), failure.getMessage());
        }
    }

    /** A checkpoint of 6.6 MiB of float in memory, and a limit of 2 MiB. */
    @Test
    void aCheckpointLargerThanTheMemoryPassesThroughLayerByLayer() {
        long limit = 2 << 20;
        Path large = DataFiles.path(temporary.resolve("large").toString());
        ModelConfig config = new ModelConfig(
                64,
                192,
                vocabSize,
                64,
                1e-5,
                1e4,
                true,
                1,
                2,
                Collections.nCopies(35, new AttentionConfig.Gqa(4, 2, 16, RopeScaling.NONE)));
        try (ParameterStore weights = Tensors.zeros(CausalLm.layout(config, name -> false), ElementType.FLOAT)) {
            Random random = new Random(5);
            weights.segments()
                    .forEach(segment -> segment.write(
                            random.doubles(segment.length(), -0.2, 0.2).toArray()));
            ModelDirectory.save(
                    large, config, weights, new SaveOptions(Dtype.BF16, SaveOptions.MAX_SHARD_BYTES, Optional.empty()));
        }
        TargetShardSpec spec =
                new TargetShardSpec(PLAN, LENGTH, vocabSize, new DenseCodec(1), "teacher", tokenPacking());
        try (Kernels kernels = new CpuKernels(2);
                Teacher resident = Teacher.open(large, kernels, 2, LENGTH);
                Teacher streamed = Teacher.open(large, kernels, 2, LENGTH, limit);
                TokenShards shards = TokenShards.open(tokens)) {
            assertTrue(resident.footprint().total() > 3 * limit, "it would fit");
            assertTrue(streamed.footprint().total() <= limit, "it takes too much");
            assertEquals(0, streamed.footprint().weights());
            write(resident, shards, targets("whole"), spec);
            write(streamed, shards, targets("parts"), spec);
        }
        try (TargetShards whole = TargetShards.open(targets("whole"));
                TargetShards parts = TargetShards.open(targets("parts"))) {
            for (int s = 0; s < NUM_SEQUENCES; s++) {
                assertArrayEquals(
                        ((SoftLabels.Dense) whole.read(s)).probabilities(),
                        ((SoftLabels.Dense) parts.read(s)).probabilities(),
                        1e-6f);
            }
        }
    }

    @Test
    void aLimitBelowTheLargestLayerIsRefusedWithBothNumbers() {
        try (Kernels kernels = new CpuKernels(1)) {
            UserException failure =
                    assertThrows(UserException.class, () -> Teacher.open(MODEL, kernels, 1, LENGTH, 1000));
            assertTrue(failure.getMessage().contains("compute.teacher-memory-gib"), failure.getMessage());
        }
    }
}
