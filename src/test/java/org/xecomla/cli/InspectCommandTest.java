package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShardSpec;
import org.xecomla.corpus.shards.TokenShardWriter;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.files.RunStatus;
import org.xecomla.files.ShardPlan;
import org.xecomla.files.StageDirectory;
import org.xecomla.targets.DenseCodec;
import org.xecomla.targets.TargetShardSpec;
import org.xecomla.targets.TargetShardWriter;
import org.xecomla.targets.TeacherLogits;
import picocli.CommandLine;

class InspectCommandTest {
    private static final String TOKENIZER = "src/test/resources/tokenizers/byte-fallback";

    @TempDir
    Path run;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void shards() {
        try (Tokenizer tokenizer = Tokenizer.open(DataFiles.path(TOKENIZER))) {
            int[] ids = Arrays.copyOf(tokenizer.encode("What? A rope."), 12);
            boolean[] learned = new boolean[12];
            Arrays.fill(learned, tokenizer.encode("What?").length - 1, 12, true);
            Packing packing = new Packing(tokenizer.digest(), tokenizer.vocabSize(), OptionalInt.empty(), false);
            TokenShardSpec spec = new TokenShardSpec(new ShardPlan(5, 3), 12, packing, true);
            StageDirectory stage = new StageDirectory(DataFiles.path(shardDirectory()));
            stage.begin(Manifest.asked(
                    "shards",
                    1,
                    Map.of("sequence.length", "12"),
                    7,
                    "abc",
                    Map.of("corpus.train.0", "0123456789abcdef")));
            for (int shard = 0; shard < 2; shard++) {
                TokenShardWriter.writeSequences(stage.path(), spec, shard, s -> new TokenSequence(ids, learned));
            }
            stage.complete(stage.manifest(), Map.of("tokens", 60L, "documents", 4L));
        }
    }

    private String shardDirectory() {
        return run.resolve("shards/train").toString();
    }

    private int inspect(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        String[] all = new String[arguments.length + 1];
        all[0] = "inspect";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return line.execute(all);
    }

    @Test
    void shardsAreDescribedAndReadBySequence() {
        assertEquals(
                0, inspect(shardDirectory(), "--verify", "--sequence", "4", "--tokenizer", TOKENIZER), err::toString);
        String text = out.toString();
        assertTrue(text.contains(": token shards, complete"), text);
        assertTrue(
                text.contains("5 sequences of 12 tokens in 2 shards, vocabulary 340; documents do not see each other;"
                        + " some tokens are not learned"),
                text);
        assertTrue(text.contains("holds 4 documents, 60 tokens"), text);
        assertTrue(text.contains("from corpus.train.0 0123456789ab\n"), text);
        assertTrue(text.contains("every file is as it was written"), text);
        assertTrue(text.contains("sequence 4 (shard 1): "), text);
        assertTrue(text.contains("[What?]"), text);
        assertTrue(inspect(shardDirectory(), "--sequence", "5") != 0);
        assertTrue(err.toString().contains("no sequence 5"), err.toString());
    }

    private StageDirectory stage(String name, String kind) {
        StageDirectory stage =
                new StageDirectory(DataFiles.path(run.resolve(name).toString()));
        stage.begin(Manifest.asked(kind, 1, Map.of("targets.codec", "dense"), 7, "abc", Map.of("teacher", "feedfeed")));
        return stage;
    }

    @Test
    void targetsAreDescribedWithTheirSize() {
        TargetShardSpec spec = new TargetShardSpec(
                new ShardPlan(5, 3), 12, 340, new DenseCodec(1), "feedfeed", new TreeMap<>(Map.of("tokenizer", "t")));
        StageDirectory stage = stage("targets", "targets");
        for (int shard = 0; shard < 2; shard++) {
            int count = spec.plan().numSequencesOf(shard);
            TargetShardWriter.write(stage.path(), spec, shard, "digest-" + shard, writer -> {
                for (int i = 0; i < count; i++) {
                    writer.add(TeacherLogits.record(spec.codec(), new float[12 * 340], 12, i));
                }
            });
        }
        assertEquals(0, inspect(stage.path().toUri().getPath()), err::toString);
        assertTrue(out.toString().contains(": a teacher's targets, not complete: run its stage again"), out.toString());
        stage.complete(stage.manifest(), Map.of("tokens", 60L));
        assertEquals(0, inspect(stage.path().toUri().getPath(), "--verify"), err::toString);
        assertTrue(out.toString().contains(": a teacher's targets, complete"), out.toString());
        assertTrue(
                out.toString().matches("(?s).*for 5 sequences in 2 shards; [\\d.]+ bytes a token.*"), out.toString());
        assertTrue(out.toString().contains("from teacher feedfeed"), out.toString());
    }

    @Test
    void anEvaluationIsDescribedModelByModel() {
        StageDirectory stage = stage("eval", "eval");
        DataFiles.writeString(
                new org.apache.hadoop.fs.Path(stage.path(), "result.json"),
                "{\"models\": [{\"model\": \"distilled\", \"perplexity\": 1.855, \"kl\": 0.0189}]}");
        stage.complete(stage.manifest(), Map.of("windows", 40L));
        assertEquals(0, inspect(stage.path().toUri().getPath()), err::toString);
        assertTrue(out.toString().contains(": an evaluation, complete"), out.toString());
        assertTrue(out.toString().contains("  distilled: kl 0.0189, perplexity 1.855"), out.toString());
    }

    @Test
    void exportsAndCheckpointsAreDescribedAsModels() throws IOException {
        for (String name : List.of("export", "distill/step-000100", "distill/step-000200")) {
            StageDirectory stage = stage(name, name.equals("export") ? "export" : "checkpoint");
            Path directory = Path.of(stage.path().toUri().getPath());
            for (String file : List.of("config.json", "model.safetensors")) {
                Files.copy(Path.of("conf/demo/model", file), directory.resolve(file));
            }
            stage.complete(
                    stage.manifest(), Map.of("step", name.equals("export") ? 0L : Long.parseLong(name.substring(13))));
        }
        assertEquals(0, inspect(run.resolve("export").toString(), "--verify"), err::toString);
        assertTrue(out.toString().contains(": an exported model, complete"), out.toString());
        assertTrue(out.toString().contains("5 x GQA: "), out.toString());
        assertEquals(0, inspect(run.resolve("distill/step-000200").toString()), err::toString);
        assertTrue(out.toString().contains(": a checkpoint of training, complete"), out.toString());
        assertTrue(out.toString().contains("holds 200 step"), out.toString());
        assertEquals(0, inspect(run.resolve("distill").toString()), err::toString);
        assertTrue(
                out.toString().contains("  step-000100: a checkpoint of training, complete, 100 step"), out.toString());
        assertTrue(
                out.toString().contains("  step-000200: a checkpoint of training, complete, 200 step"), out.toString());
    }

    @Test
    void aFlippedByteIsNamed() throws IOException {
        Path file = Path.of(shardDirectory(), "tokens-00001.shard");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertTrue(inspect(shardDirectory(), "--verify") != 0);
        assertTrue(err.toString().contains("tokens-00001.shard"), err.toString());
    }

    /** Of a run too: every finished directory in it. */
    @Test
    void aFlippedByteSomewhereInARunIsNamed() throws IOException {
        RunStatus.running("eval", "local-1", Instant.now())
                .ended(RunStatus.State.SUCCEEDED, null)
                .write(DataFiles.path(run.toString()), Duration.ofSeconds(60));
        StageDirectory eval = stage("eval", "eval");
        DataFiles.writeString(eval.file("student.json"), "{}");
        eval.complete(eval.manifest(), Map.of());
        assertEquals(0, inspect(run.toString(), "--verify"), err::toString);
        assertTrue(out.toString().contains("every file of 2 finished directories is as it was written"), out::toString);
        DataFiles.writeString(eval.file("student.json"), "[]");
        aFlippedByteIsNamed();
        assertTrue(inspect(run.toString(), "--verify") != 0);
        assertTrue(err.toString().contains("says: student.json"), err.toString());
        assertTrue(err.toString().contains("says: tokens-00001.shard"), err.toString());
    }

    @Test
    void aRunNamesItsStages() {
        RunStatus.running("teacher", "local-1", Instant.now())
                .ended(RunStatus.State.FAILED, "no such model")
                .write(DataFiles.path(run.toString()), Duration.ofSeconds(60));
        assertEquals(0, inspect(run.toString()), err::toString);
        assertTrue(out.toString().contains(": a run, failed, last stage teacher"), out.toString());
        assertTrue(out.toString().contains("stopped by: no such model"), out.toString());
        assertTrue(
                out.toString().contains("  shards/train: token shards, complete, 4 documents, 60 tokens"),
                out.toString());
    }

    @Test
    void aRunWhoseDriverWasKilledIsToldFromOneThatRuns() {
        RunStatus running = RunStatus.running("distill", "local-1", Instant.now());
        running.write(DataFiles.path(run.toString()), Duration.ofSeconds(60));
        inspect(run.toString());
        assertTrue(out.toString().contains(": a run, running since " + running.started()), out.toString());
        running.write(DataFiles.path(run.toString()), Duration.ofSeconds(-1));
        inspect(run.toString());
        assertTrue(out.toString().contains(": a run, killed: its driver was last heard of at "), out.toString());
    }

    @Test
    void anyLlamaAndNothingAtAll() throws IOException {
        assertEquals(0, inspect("conf/demo/model"), err::toString);
        assertTrue(out.toString().contains("5 x GQA: "), out.toString());
        assertTrue(out.toString().contains("caches 640 elements a token"), out.toString());
        Path empty = Files.createDirectories(run.resolve("empty"));
        assertTrue(inspect(empty.toString()) != 0);
        assertTrue(err.toString().contains("holds nothing of this project"), err.toString());
        assertTrue(inspect(run.resolve("missing").toString()) != 0);
        assertTrue(err.toString().contains("no directory"), err.toString());
    }
}
