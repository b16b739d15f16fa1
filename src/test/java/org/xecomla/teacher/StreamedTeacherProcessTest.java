package org.xecomla.teacher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenShardSpec;
import org.xecomla.corpus.shards.TokenShardWriter;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardPlan;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.safetensors.Dtype;
import org.xecomla.targets.DenseCodec;
import org.xecomla.targets.TargetShardSpec;
import org.xecomla.targets.TargetShards;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;

/**
 * A checkpoint that is larger than the memory which the operating system gives the process: RLIMIT_DATA bounds all that
 * it may write to and shares with nobody, Java's heap, code and stacks among it.
 */
@Tag("spark")
class StreamedTeacherProcessTest {
    private static final int LENGTH = 16;
    private static final int VOCAB = 256;
    private static final int NUM_SEQUENCES = 2;
    private static final ShardPlan PLAN = new ShardPlan(NUM_SEQUENCES, NUM_SEQUENCES);
    private static final long LIMIT_KIB = 900 << 10; // a JVM with ND4J and OpenBLAS takes most of it
    private static final long WEIGHTS_LIMIT = 100 << 20;

    /** 566 M parameters: 1,080 MiB in bfloat16, twice as much in memory; a layer takes 60 MiB there. */
    private static final ModelConfig MODEL = new ModelConfig(
            1024,
            4096,
            VOCAB,
            64,
            1e-5,
            1e4,
            true,
            1,
            2,
            Collections.nCopies(36, new AttentionConfig.Gqa(16, 8, 64, RopeScaling.NONE)));

    @TempDir
    java.nio.file.Path temporary;

    @BeforeEach
    void writeModelAndTokens() {
        Random random = new Random(5);
        try (ParameterStore weights = Tensors.zeros(CausalLm.layout(MODEL, name -> false), ElementType.FLOAT)) {
            double[] some = random.doubles(1_000_003, -0.05, 0.05).toArray();
            weights.segments().forEach(segment -> {
                for (int from = 0; from < segment.cols(); from += some.length) {
                    int count = Math.min(some.length, segment.cols() - from);
                    segment.cols(from, from + count).write(Arrays.copyOf(some, count));
                }
            });
            SaveOptions options = new SaveOptions(Dtype.BF16, SaveOptions.MAX_SHARD_BYTES, Optional.empty());
            ModelDirectory.save(path("model"), MODEL, weights, options);
        }
        TokenShardSpec spec = new TokenShardSpec(PLAN, LENGTH, new Packing("none", VOCAB, OptionalInt.empty(), true));
        TokenShardWriter.write(
                path("shards"), spec, 0, s -> random.ints(LENGTH, 0, VOCAB).toArray());
    }

    private Path path(String name) {
        return DataFiles.path(temporary.resolve(name).toString());
    }

    /** Writes a teacher's targets: DIRECTORY, OUTPUT, bytes of memory for weights and activations. Prints the peak. */
    public static void main(String[] args) throws IOException {
        Path directory = DataFiles.path(args[0]);
        try (Kernels kernels = new CpuKernels(1);
                Teacher teacher =
                        Teacher.open(new Path(directory, "model"), kernels, 2, LENGTH, Long.parseLong(args[2]));
                TokenShards shards = TokenShards.open(new Path(directory, "shards"))) {
            TargetShardSpec spec =
                    new TargetShardSpec(PLAN, LENGTH, VOCAB, new DenseCodec(1), "teacher", shards.packing());
            teacher.writeShard(shards, 0, new Path(directory, args[1]), spec, n -> {});
        }
        Files.readAllLines(java.nio.file.Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .forEach(System.out::println);
    }

    private record Ended(int exitCode, String said) {
        long peakBytes() {
            return Long.parseLong(said.substring(said.indexOf("VmHWM")).replaceAll("\\D", "")) << 10;
        }
    }

    /** Runs {@link #main} where the shell's {@code ulimit -d} is {@code dataKib}. */
    private Ended teach(String dataKib, String output, long weightsLimit) throws IOException, InterruptedException {
        File said = temporary.resolve(output + ".log").toFile();
        List<String> command = List.of(
                "bash",
                "-c",
                "ulimit -d " + dataKib + " && exec \"$@\"",
                "bash",
                System.getProperty("java.home") + "/bin/java",
                "-Xmx96m",
                "-XX:+UseSerialGC",
                "-XX:ReservedCodeCacheSize=48m",
                "--add-modules",
                "jdk.incubator.vector",
                "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                StreamedTeacherProcessTest.class.getName(),
                temporary.toString(),
                output,
                Long.toString(weightsLimit));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said)
                .directory(temporary.toFile()) // where a JVM that dies leaves its traces
                .start();
        assertTrue(process.waitFor(5, TimeUnit.MINUTES), "it hangs");
        return new Ended(process.exitValue(), Files.readString(said.toPath(), StandardCharsets.UTF_8));
    }

    @Test
    void aCheckpointLargerThanTheProcessMayHoldIsStreamedAndOthersFail() throws IOException, InterruptedException {
        long checkpoint = Files.size(temporary.resolve("model/model.safetensors"));
        assertTrue(LIMIT_KIB << 10 < checkpoint, "the limit holds it: " + checkpoint);

        Ended streamed = teach(Long.toString(LIMIT_KIB), "parts", WEIGHTS_LIMIT);
        assertEquals(0, streamed.exitCode, streamed.said);
        System.out.printf(
                "checkpoint %,d MiB, limit %,d MiB, peak %,d MiB%n",
                checkpoint >> 20, LIMIT_KIB >> 10, streamed.peakBytes() >> 20);
        assertTrue(streamed.peakBytes() < checkpoint, "resident were " + streamed.peakBytes());

        Ended refused = teach(Long.toString(LIMIT_KIB), "refused", Long.MAX_VALUE);
        assertNotEquals(0, refused.exitCode, "the limit limits nothing");
        assertTrue(refused.said.toLowerCase(Locale.ROOT).contains("alloc"), refused.said);

        Ended whole = teach("unlimited", "whole", Long.MAX_VALUE);
        assertEquals(0, whole.exitCode, whole.said);
        try (TargetShards a = TargetShards.open(path("whole"));
                TargetShards b = TargetShards.open(path("parts"))) {
            for (int s = 0; s < NUM_SEQUENCES; s++) {
                assertArrayEquals(
                        ((SoftLabels.Dense) a.read(s)).probabilities(),
                        ((SoftLabels.Dense) b.read(s)).probabilities(),
                        1e-6f);
            }
        }
    }
}
