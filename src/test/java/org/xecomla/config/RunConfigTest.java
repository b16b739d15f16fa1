package org.xecomla.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;

class RunConfigTest {
    @TempDir
    Path directory;

    private String file(String text) throws IOException {
        return Files.writeString(directory.resolve("run.conf"), text).toString();
    }

    private static RunConfig with(String... keysAndValues) {
        Map<String, String> overrides = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            overrides.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return RunConfig.ofOverrides(overrides);
    }

    @Test
    void defaults() {
        RunConfig c = with();
        assertEquals(new RunSettings("runs/default", 42, Duration.ofSeconds(60)), c.run());
        assertEquals(new ModelPaths(Optional.empty(), Optional.empty(), Optional.empty()), c.models());
        assertEquals(
                new CorpusConfig(
                        List.of(),
                        List.of(),
                        List.of(),
                        "text",
                        Map.of(),
                        CorpusConfig.Learn.ASSISTANT,
                        Optional.empty(),
                        1 << 26,
                        0,
                        false,
                        new CorpusConfig.Decontaminate(List.of(), 13),
                        512),
                c.corpus());
        assertEquals(new SequenceConfig(OptionalInt.empty(), true), c.sequence());
        assertEquals(
                new UpcycleConfig(
                        UpcycleConfig.Profile.SERVING,
                        Optional.empty(),
                        UpcycleConfig.Method.ALIGNED,
                        OptionalInt.empty(),
                        0.25,
                        OptionalInt.of(0),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        false,
                        Optional.empty(),
                        OptionalDouble.empty(),
                        OptionalDouble.empty(),
                        UpcycleConfig.EnergyRounding.CODE,
                        true,
                        Optional.empty(),
                        UpcycleConfig.SingularValues.DOWN,
                        UpcycleConfig.RopeChoice.YARN,
                        UpcycleConfig.RopeSlots.SERVABLE,
                        OptionalInt.empty(),
                        new RankConfig(
                                Optional.empty(),
                                RankConfig.Shrinkage.CODE,
                                RankConfig.Policy.FIXED,
                                RankConfig.CareRule.CODE,
                                OptionalInt.empty(),
                                OptionalInt.empty()),
                        new Mha2MlaConfig(Mha2MlaConfig.Selection.NORM, 0, Mha2MlaConfig.Latent.JOINT, false),
                        8192),
                c.upcycle());
        assertEquals(
                new TargetsConfig(TargetsConfig.Codec.SAMPLED, 50, 12, TargetsConfig.Draws.STRATIFIED, 1), c.targets());
        assertEquals(
                new DistillConfig(
                        DistillConfig.Recipe.OFFICIAL,
                        OptionalLong.empty(),
                        new OptimizerConfig(96, 4, 8e-5, 0, OptionalInt.empty(), 0, 1, 0.9, 0.98),
                        PLAIN,
                        0,
                        Divergence.FORWARD_KL,
                        new LossSchedule(LossSchedule.Form.CONSTANT, 0),
                        new LossSchedule(LossSchedule.Form.CONSTANT, 1),
                        new LayerMatchingConfig(
                                LayerMatchingConfig.Form.NONE,
                                OptionalDouble.empty(),
                                LayerMatchingConfig.States.BOTH)),
                c.distill());
        assertEquals(
                new DpoConfig(
                        List.of(),
                        List.of(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        512,
                        1,
                        DpoConfig.Loss.SIGMOID,
                        0.01,
                        0,
                        new OptimizerConfig(32, 4, 5e-7, 0, OptionalInt.empty(), 0, 1, 0.9, 0.999),
                        PLAIN),
                c.dpo());
        assertEquals(
                new PretrainConfig(
                        128,
                        344,
                        4,
                        8,
                        4,
                        16,
                        OptionalInt.empty(),
                        10000,
                        true,
                        OptionalLong.empty(),
                        new OptimizerConfig(16, 16, 2e-3, 2e-4, OptionalInt.empty(), 0.1, 1, 0.9, 0.95),
                        500,
                        WeightType.BF16,
                        "runs/default/pretrain"),
                c.pretrain());
        assertEquals(
                new SweepConfig(List.of(), List.of(), List.of(), List.of(), Map.of(), List.of(), OptionalLong.empty()),
                c.sweep());
        assertEquals(
                new EvalConfig(
                        OptionalLong.empty(), 8, Map.of(), Map.of(), 0, OptionalInt.empty(), OptionalInt.empty()),
                c.eval());
        assertEquals(
                new ExportConfig(WeightType.BF16, List.of(ExportConfig.Format.NATIVE), 5_000_000_000L), c.export());
        assertEquals(
                new ComputeConfig(
                        ComputeConfig.KernelChoice.CPU,
                        OptionalInt.empty(),
                        ComputeConfig.Precision.FP32,
                        ComputeConfig.Recompute.NONE,
                        OptionalDouble.empty()),
                c.compute());
        assertEquals(
                new SparkSettings(
                        Optional.empty(),
                        SparkSettings.DeployMode.CLIENT,
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        0,
                        Optional.empty(),
                        Duration.ofMinutes(10),
                        Map.of()),
                c.spark());
    }

    @Test
    void preferencesTakeTheReplicasOfTheDistillation() {
        ReplicasConfig replicas = with("distill.replicas", "4", "distill.averaging", "driver")
                .dpo()
                .replicas();
        assertEquals(
                new ReplicasConfig(4, 1, everyStep(AveragingConfig.Transport.DRIVER), Freeze.NONE, 500, 1, 0, 5),
                replicas);
        ModelConfig model = with().pretrain().model(100, 128, 1, 2);
        assertEquals(128, with().dpo().maxLengthFor(model));
        assertEquals(64, with().dpo().maxPromptLengthFor(model));
        ConfigException e = assertThrows(
                ConfigException.class, () -> with("dpo.max-length", "129").dpo().maxLengthFor(model));
        assertEquals(
                "dpo.max-length = 129 is more than the model's max_position_embeddings 128: set it to at most that",
                e.getMessage());
    }

    /** Gradients are averaged where replicas meet after every step and ask for nothing else. */
    @Test
    void whatIsAveragedFollowsFromTheRounds() {
        assertEquals(AveragingConfig.What.GRADIENTS, averaged());
        assertEquals(AveragingConfig.What.WEIGHTS, averaged("distill.local-steps", "2"));
        assertEquals(AveragingConfig.What.WEIGHTS, averaged("distill.outer.learning-rate", "0.7"));
        assertEquals(AveragingConfig.What.WEIGHTS, averaged("distill.outer.momentum", "0.9"));
        assertEquals(AveragingConfig.What.WEIGHTS, averaged("distill.averaged", "weights"));
        assertEquals(
                AveragingConfig.What.GRADIENTS, averaged("distill.local-steps", "2", "distill.averaged", "gradients"));
    }

    private static AveragingConfig.What averaged(String... settings) {
        return with(settings).distill().replicas().averaging().what();
    }

    private static AveragingConfig everyStep(AveragingConfig.Transport transport) {
        return new AveragingConfig(
                transport,
                AveragingConfig.What.GRADIENTS,
                AveragingConfig.Precision.FP32,
                Duration.ofMinutes(10),
                Duration.ofMinutes(1));
    }

    private static final ReplicasConfig PLAIN =
            new ReplicasConfig(1, 1, everyStep(AveragingConfig.Transport.RING), Freeze.NONE, 500, 1, 0, 5);

    private static final String EVERYTHING = """
        run { dir = /runs/a, seed = 7, lease-timeout = 7 }
        base.path = /models/base
        teacher.path = "hdfs://host/teacher"
        tokenizer.path = /models/tokenizer.json
        corpus {
          train = [a.jsonl, b.jsonl], weights = [0.5, 2], valid = [c.jsonl], text-key = body, learn = all
          text-keys { "c.jsonl" = content }
          chat-template = chat.jinja, drop-duplicates = true, sequences-per-shard = 9
          max-row-size = 500KB, skip-bad-rows = 3
          decontaminate { tasks = [t.jsonl], ngram = 8 }
        }
        sequence.length = 2048
        sequence.attention-across-documents = false
        upcycle {
          profile = paper, preset = llama-cpp, method = aligned, kv-lora-rank = 512, kv-budget = 0.5, q-lora-rank = 864
          qk-rope-head-dim = 32, qk-nope-head-dim = 24, kv-norm = true, layers = [3, 1]
          kv-energy = 0.95, q-energy = 0.9
          energy-rounding = paper, fixed-first-last = false, rope-rows = stride, singular-values = up
          rope-scaling = base, rope-slots = own, search-length = 512, calibration-tokens = 4096
          factors = weight, shrinkage = paper, rank-policy = lorc, rank-rule = paper
          rank-least = 2, gradient-tokens = 1024
        }
        mha2mla { selection = uniform, uniform-start = 1, latent = split, dense-rope-queries = true }
        targets { codec = dense, k = 16, samples = 25, draws = independent, temperature = 2.5 }
        distill {
          recipe = few-tokens
          tokens = 6.8e9, batch-sequences = 64, micro-batch-sequences = 8, learning-rate = 1e-3
          min-learning-rate = 1e-4, warmup-steps = 20, weight-decay = 0.1, clip = none, betas = [0.8, 0.99]
          replicas = 4, local-steps = 10, averaging = driver, alpha = 0.25, divergence = reverse-kl
          freeze = non-attention, checkpoint-every = 50, averaging-precision = bf16, averaged = gradients
          replica-timeout = 30, executor-timeout = 9
          max-loss-growth = 8
          alpha-schedule = cosine, alpha-schedule-end = 0.75, temperature-schedule = linear
          temperature-schedule-end = 3
          hidden-loss = cosine, hidden-weight = 0.4, hidden-states = block
          outer { learning-rate = 0.7, momentum = 0.9 }
        }
        dpo {
          train = [p.jsonl], valid = [q.parquet], max-length = 512, max-prompt-length = 200, pairs-per-shard = 7
          epochs = 3, loss = ipo, beta = 0.1, label-smoothing = 0.2, batch-pairs = 60, micro-batch-pairs = 6
          learning-rate = 1e-6, min-learning-rate = 1e-7, warmup-steps = 5, weight-decay = 0.2, clip = none
          betas = [0.7, 0.9], replicas = 6, local-steps = 3, averaging = driver, freeze = non-attention
          checkpoint-every = 9, outer { learning-rate = 0.6, momentum = 0.5 }
          replica-timeout = 31, executor-timeout = 8, max-loss-growth = none
        }
        pretrain {
          hidden-size = 64, intermediate-size = 172, num-layers = 5, num-heads = 4, num-kv-heads = 2, head-dim = 8
          vocab-size = 512, rope-theta = 5e5, tie-word-embeddings = false, tokens = 1000, batch-sequences = 2
          micro-batch-sequences = 1, learning-rate = 0.5, min-learning-rate = 0.25, warmup-steps = 3
          weight-decay = 0.01, clip = 2, betas = [0, 0.5], checkpoint-every = 11, dtype = f32, out = /models/small
        }
        sweep { kv-budgets = [15.6%, 32], methods = [xecomla], codecs = [dense, topk], tokens = [1e6], seeds = [3]
          test-windows = 9, recipes { small { distill.batch-sequences = "2 | 4" } } }
        eval {
          max-windows = 10, batch-sequences = 3, tasks { piqa = p.jsonl }, fewshot { piqa = t.jsonl }
          num-fewshot = 5, limit = 100, max-length = 2048
        }
        export { dtype = f16, format = deepseek-v3, max-shard-size = 500MB }
        compute { kernels = nd4j, threads = 3, precision = bf16, recompute = blocks, teacher-memory-gib = 2.5 }
        spark {
          master = yarn, deploy-mode = cluster, executor-instances = 8, executor-cores = 5, executor-memory = 4g
          executor-memory-overhead = 16g, driver-memory = 512m, gpus-per-executor = 1
          gpu-discovery-script = /opt/gpus.sh, executor-timeout-seconds = 30, conf { spark.ui.enabled = false }
        }
        """;

    @Test
    void fullMapping() throws IOException {
        RunConfig c = RunConfig.load(file(EVERYTHING), Map.of());
        assertEquals(new RunSettings("/runs/a", 7, Duration.ofSeconds(7)), c.run());
        assertEquals(
                new ModelPaths(
                        Optional.of("/models/base"),
                        Optional.of("hdfs://host/teacher"),
                        Optional.of("/models/tokenizer.json")),
                c.models());
        assertEquals(
                new CorpusConfig(
                        List.of("a.jsonl", "b.jsonl"),
                        List.of(0.5, 2.0),
                        List.of("c.jsonl"),
                        "body",
                        Map.of("c.jsonl", "content"),
                        CorpusConfig.Learn.ALL,
                        Optional.of("chat.jinja"),
                        500_000,
                        3,
                        true,
                        new CorpusConfig.Decontaminate(List.of("t.jsonl"), 8),
                        9),
                c.corpus());
        assertEquals(new SequenceConfig(OptionalInt.of(2048), false), c.sequence());
        assertEquals(
                new UpcycleConfig(
                        UpcycleConfig.Profile.PAPER,
                        Optional.of(UpcycleConfig.Preset.LLAMA_CPP),
                        UpcycleConfig.Method.ALIGNED,
                        OptionalInt.of(512),
                        0.5,
                        OptionalInt.of(864),
                        OptionalInt.of(32),
                        OptionalInt.of(24),
                        true,
                        Optional.of(List.of(1, 3)),
                        OptionalDouble.of(0.95),
                        OptionalDouble.of(0.9),
                        UpcycleConfig.EnergyRounding.PAPER,
                        false,
                        Optional.of(UpcycleConfig.RopeRows.STRIDE),
                        UpcycleConfig.SingularValues.UP,
                        UpcycleConfig.RopeChoice.BASE,
                        UpcycleConfig.RopeSlots.OWN,
                        OptionalInt.of(512),
                        new RankConfig(
                                Optional.of(RankConfig.Factors.WEIGHT),
                                RankConfig.Shrinkage.PAPER,
                                RankConfig.Policy.LORC,
                                RankConfig.CareRule.PAPER,
                                OptionalInt.of(2),
                                OptionalInt.of(1024)),
                        new Mha2MlaConfig(Mha2MlaConfig.Selection.UNIFORM, 1, Mha2MlaConfig.Latent.SPLIT, true),
                        4096),
                c.upcycle());
        assertEquals(
                new TargetsConfig(TargetsConfig.Codec.DENSE, 16, 25, TargetsConfig.Draws.INDEPENDENT, 2.5),
                c.targets());
        assertEquals(
                new DistillConfig(
                        DistillConfig.Recipe.FEW_TOKENS,
                        OptionalLong.of(6_800_000_000L),
                        new OptimizerConfig(
                                64, 8, 1e-3, 1e-4, OptionalInt.of(20), 0.1, Double.POSITIVE_INFINITY, 0.8, 0.99),
                        new ReplicasConfig(
                                4,
                                10,
                                new AveragingConfig(
                                        AveragingConfig.Transport.DRIVER,
                                        AveragingConfig.What.GRADIENTS,
                                        AveragingConfig.Precision.BF16,
                                        Duration.ofSeconds(30),
                                        Duration.ofSeconds(9)),
                                Freeze.NON_ATTENTION,
                                50,
                                0.7,
                                0.9,
                                8),
                        0.25,
                        Divergence.REVERSE_KL,
                        new LossSchedule(LossSchedule.Form.COSINE, 0.75),
                        new LossSchedule(LossSchedule.Form.LINEAR, 3),
                        new LayerMatchingConfig(
                                LayerMatchingConfig.Form.COSINE,
                                OptionalDouble.of(0.4),
                                LayerMatchingConfig.States.BLOCK)),
                c.distill());
        assertEquals(
                new DpoConfig(
                        List.of("p.jsonl"),
                        List.of("q.parquet"),
                        OptionalInt.of(512),
                        OptionalInt.of(200),
                        7,
                        3,
                        DpoConfig.Loss.IPO,
                        0.1,
                        0.2,
                        new OptimizerConfig(
                                60, 6, 1e-6, 1e-7, OptionalInt.of(5), 0.2, Double.POSITIVE_INFINITY, 0.7, 0.9),
                        new ReplicasConfig(
                                6,
                                3,
                                new AveragingConfig(
                                        AveragingConfig.Transport.DRIVER,
                                        AveragingConfig.What.GRADIENTS,
                                        AveragingConfig.Precision.BF16,
                                        Duration.ofSeconds(31),
                                        Duration.ofSeconds(8)),
                                Freeze.NON_ATTENTION,
                                9,
                                0.6,
                                0.5,
                                Double.POSITIVE_INFINITY)),
                c.dpo());
        assertEquals(
                new PretrainConfig(
                        64,
                        172,
                        5,
                        4,
                        2,
                        8,
                        OptionalInt.of(512),
                        5e5,
                        false,
                        OptionalLong.of(1000),
                        new OptimizerConfig(2, 1, 0.5, 0.25, OptionalInt.of(3), 0.01, 2, 0, 0.5),
                        11,
                        WeightType.F32,
                        "/models/small"),
                c.pretrain());
        assertEquals(
                new SweepConfig(
                        List.of(new SweepConfig.KvBudget(15.6, 0), new SweepConfig.KvBudget(0, 32)),
                        List.of(UpcycleConfig.Method.XECOMLA),
                        List.of(TargetsConfig.Codec.DENSE, TargetsConfig.Codec.TOPK),
                        List.of(1_000_000L),
                        Map.of("small", Map.of("distill.batch-sequences", "2 | 4")),
                        List.of(3L),
                        OptionalLong.of(9)),
                c.sweep());
        assertEquals(
                new EvalConfig(
                        OptionalLong.of(10),
                        3,
                        Map.of("piqa", "p.jsonl"),
                        Map.of("piqa", "t.jsonl"),
                        5,
                        OptionalInt.of(100),
                        OptionalInt.of(2048)),
                c.eval());
        assertEquals(
                new ExportConfig(WeightType.F16, List.of(ExportConfig.Format.DEEPSEEK_V3), 500_000_000L), c.export());
        assertEquals(
                new ComputeConfig(
                        ComputeConfig.KernelChoice.ND4J,
                        OptionalInt.of(3),
                        ComputeConfig.Precision.BF16,
                        ComputeConfig.Recompute.BLOCKS,
                        OptionalDouble.of(2.5)),
                c.compute());
        assertEquals(
                new SparkSettings(
                        Optional.of("yarn"),
                        SparkSettings.DeployMode.CLUSTER,
                        OptionalInt.of(8),
                        OptionalInt.of(5),
                        Optional.of("4g"),
                        Optional.of("16g"),
                        Optional.of("512m"),
                        1,
                        Optional.of("/opt/gpus.sh"),
                        Duration.ofSeconds(30),
                        Map.of("spark.ui.enabled", "false")),
                c.spark());
    }

    /** The full mapping is full: it names every key, and no value that is the default. */
    @Test
    void fullMappingSetsEveryKeyToAnotherValue() throws IOException {
        Map<String, String> defaults =
                new TreeMap<>(with("upcycle.profile", "paper").settings());
        defaults.remove("upcycle.profile");
        Map<String, String> full = RunConfig.load(file(EVERYTHING), Map.of()).settings();
        defaults.forEach((key, value) -> {
            assertFalse(value.equals(full.get(key)), key + " is still " + value);
        });
        assertEquals(
                defaults.size() + 9,
                full.size(),
                "the profile, three paths without default, two files of a task, one of spark.conf, one text key, one"
                        + " setting of a recipe");
    }

    @Test
    void settingsMakeTheSameConfiguration() throws Exception {
        RunConfig full = RunConfig.load(file(EVERYTHING), Map.of());
        assertEquals(full, RunConfig.ofOverrides(full.settings()));
        RunConfig paper = with("upcycle.profile", "paper");
        assertEquals(paper, RunConfig.ofOverrides(paper.settings()));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(full);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertEquals(full, in.readObject());
        }
    }

    @Test
    void settingsHaveOneSpellingOfANumber() throws IOException {
        RunConfig fromFile =
                RunConfig.load(file("distill { learning-rate = 2e-3, tokens = 1e3, betas = [0.90, 0.98] }"), Map.of());
        RunConfig fromWords =
                with("distill.learning-rate", "0.002", "distill.tokens", "1000", "distill.betas", "0.9,0.98");
        assertEquals(fromFile.settings(), fromWords.settings());
        assertEquals("0.002", fromFile.settings().get("distill.learning-rate"));
    }

    @Test
    void settingsOfSomeSections() {
        Map<String, String> some = with().settings("targets", "sequence.length");
        assertEquals(
                Map.of(
                        "sequence.length", "auto",
                        "targets.codec", "sampled",
                        "targets.k", "50",
                        "targets.samples", "12",
                        "targets.draws", "stratified",
                        "targets.temperature", "1"),
                some);
    }

    @Test
    void profileSetsDefaultsAndKeysGoBefore() {
        UpcycleConfig paper = with("upcycle.profile", "paper").upcycle();
        assertEquals(UpcycleConfig.Method.XECOMLA, paper.method());
        assertEquals(OptionalInt.empty(), paper.qLoraRank());
        assertFalse(paper.kvNorm());
        UpcycleConfig overridden = with(
                        "upcycle.profile", "paper", "upcycle.kv-norm", "true", "upcycle.q-lora-rank", "none")
                .upcycle();
        assertEquals(UpcycleConfig.Method.XECOMLA, overridden.method());
        assertEquals(OptionalInt.of(0), overridden.qLoraRank());
        assertTrue(overridden.kvNorm());
    }

    @Test
    void teacherAndTokenizerAreTheBaseUnlessGiven() {
        ModelPaths paths =
                with("base.path", "models/b", "teacher.path", "models/t").models();
        assertEquals("models/b", paths.requireBase());
        assertEquals("models/t", paths.requireTeacher());
        assertEquals("models/b", paths.requireTokenizer());
        ConfigException missing =
                assertThrows(ConfigException.class, () -> with().models().requireTeacher());
        assertTrue(missing.getMessage().contains("teacher.path is not set"), missing.getMessage());
    }

    @Test
    void filesIncludeAndSubstitute() throws IOException {
        Files.writeString(directory.resolve("common.conf"), "name = tiny\nrun.seed = 9\n");
        ConfigException unknown = assertThrows(
                ConfigException.class,
                () -> RunConfig.load(file("include \"common.conf\"\nrun.dir = runs/${name}"), Map.of()));
        assertTrue(unknown.getMessage().startsWith("unknown key name ("), unknown.getMessage());
        Files.writeString(directory.resolve("common.conf"), "run.seed = 9\n");
        RunConfig c = RunConfig.load(
                file("include \"common.conf\"\ncorpus.train = [${HOME}/a.jsonl]\nbase.path = ${run.dir}/b"),
                Map.of("run.dir", "runs/mine"));
        assertEquals(9, c.run().seed());
        assertEquals(List.of(System.getenv("HOME") + "/a.jsonl"), c.corpus().train());
        assertEquals("runs/mine/b", c.models().requireTeacher());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "distill { tokns = 5 } | unknown key distill.tokns (FILE, line 1), did you mean distill.tokens?",
                "distil.tokens = 5 | unknown key distil.tokens (FILE, line 1), did you mean distill.tokens?",
                "distill.temperature = 2 | unknown key distill.temperature (FILE, line 1), did you mean "
                        + "targets.temperature?",
                "distill.divergence = reverse-kl | distill.divergence = reverse-kl needs the teacher's probability "
                        + "of whatever the"
                        + " student says, and targets.codec = sampled keeps draws, which estimate forward-kl alone: use"
                        + " targets.codec = topk or dense",
                "something = 2 | unknown key something (FILE, line 1)",
                "profiles.paper.upcycle.k = 2 | unknown key profiles.paper.upcycle.k (FILE, line 1)",
                "distill.kv-lora_rank = null | unknown key distill.kv-lora_rank (FILE, line 1), did you mean "
                        + "upcycle.kv-lora-rank?",
                "targets = 5 | targets = 5 (FILE, line 1) is not a section { ... }",
                "upcycle.kv-lora-rank = many | upcycle.kv-lora-rank = `\"many\"` (FILE, line 1) is not a whole number",
                "upcycle.kv-lora-rank = 1.5 | upcycle.kv-lora-rank = 1.5 (FILE, line 1) is not a whole number",
                "upcycle.kv-lora-rank = 0 | upcycle.kv-lora-rank = 0 (FILE, line 1) is out of range: it must be at "
                        + "least 1 and at most 2147483647",
                "upcycle.qk-rope-head-dim = 5 | upcycle.qk-rope-head-dim = 5 (FILE, line 1) is odd: rotary "
                        + "dimensions come in pairs",
                "upcycle.kv-budget = 0 | upcycle.kv-budget = 0 (FILE, line 1) is out of range: it must be above 0 "
                        + "and at most 1",
                "sweep.kv-budgets = [25%, half] | sweep.kv-budgets = [\"25%\",\"half\"] (FILE, line 1) has half, "
                        + "which is neither a share such as 25% nor a rank such as 16",
                "sweep.recipes.a.distill.recipe = few-tokens | sweep.recipes = {\"a\":{\"distill\":{\"recipe\":"
                        + "\"few-tokens\"}}} (FILE, line 1) has a.distill.recipe = few-tokens: write a name, then"
                        + " settings of a run one by one, such as small-steps { distill.batch-sequences = 2 }; sets of"
                        + " defaults (distill.recipe, upcycle.profile) are none of them",
                "sweep.kv-budgets = [0%] | sweep.kv-budgets = [\"0%\"] (FILE, line 1) has 0%, which is neither a "
                        + "share such as 25% nor a rank such as 16",
                "sweep.codecs = [all] | sweep.codecs = `\"all\"` (FILE, line 1) is not one of dense, topk, sampled",
                "upcycle.kv-norm = 1 | upcycle.kv-norm = 1 (FILE, line 1) is not true or false",
                "upcycle.method = svd | upcycle.method = `\"svd\"` (FILE, line 1) is not one of xecomla, aligned, "
                        + "phased, lowrank, mha2mla",
                "upcycle.profile = fast | upcycle.profile = `\"fast\"` (FILE, line 1) is not one of serving, paper",
                "upcycle.kv-energy = 1.5 | upcycle.kv-energy = 1.5 (FILE, line 1) is out of range: it must be above "
                        + "0 and at most 1",
                "distill.temperature-schedule = linear | distill.temperature-schedule = `\"linear\"` (FILE, line 1) "
                        + "needs the teacher's whole distributions, which can be brought to another temperature: "
                        + "set targets.codec = dense, or leave it constant",
                "distill.alpha = [] | distill.alpha = [] (FILE, line 1) is not a number",
                "distill.learning-rate = null | distill.learning-rate is not set: give it a value in the "
                        + "configuration file, or by -D distill.learning-rate=VALUE",
                "distill.min-learning-rate = 1 | distill.min-learning-rate = 1 (FILE, line 1) is above "
                        + "distill.learning-rate = 8.0E-5",
                "distill.betas = [0.9] | distill.betas = [0.9] (FILE, line 1) is not a list of two numbers",
                "distill.betas = [0.9, 1] | distill.betas = 1 (FILE, line 1) is out of range: it must be at least 0 "
                        + "and below 1",
                "distill.replicas = 5 | distill.batch-sequences = 96 (reference.conf) is not a multiple of "
                        + "distill.replicas = 5",
                "distill.freeze = all | distill.freeze = `\"all\"` (FILE, line 1) is not one of none, non-attention",
                "corpus.train = { a = 1 } | corpus.train = {`\"a\"`:1} (FILE, line 1) is not a list [ ... ]",
                "spark.executor-memory = lots | spark.executor-memory = `\"lots\"` (FILE, line 1) is not a size "
                        + "such as 4g or 512m",
                "export.dtype = q8_0 | export.dtype = `\"q8_0\"` (FILE, line 1) is q8_0, which gguf alone has: set "
                        + "export.format = gguf, or f32, bf16 or f16",
                "export { format = gguf, dtype = f16 } | export.dtype = `\"f16\"` (FILE, line 1) is f16, and gguf is "
                        + "written as f32, bf16 or q8_0",
                "export.format = [gguf, gguf] | export.format = [`\"gguf\"`,`\"gguf\"`] (FILE, line 1) must name one "
                        + "format at least, and none twice",
                "pretrain.dtype = q8_0 | pretrain.dtype = `\"q8_0\"` (FILE, line 1) is q8_0, which only exports "
                        + "as gguf have: take f32, bf16 or f16",
                "export.max-shard-size = 5Gb | export.max-shard-size = `\"5Gb\"` (FILE, line 1) is not a size such "
                        + "as 5GB or 500MB",
                "dpo.label-smoothing = 0.5 | dpo.label-smoothing = 0.5 (FILE, line 1) is out of range: it must be "
                        + "at least 0 and below 0.5",
                "dpo.max-prompt-length = 1024 | dpo.max-prompt-length = 1024 (FILE, line 1) leaves no room for an "
                        + "answer: lower it below dpo.max-length",
                "pretrain.num-kv-heads = 3 | pretrain.num-kv-heads = 3 (FILE, line 1) does not divide "
                        + "pretrain.num-heads = 8",
            })
    void wrongValueIsOneLine(String text, String message) throws IOException {
        String file = file(text);
        ConfigException e = assertThrows(ConfigException.class, () -> RunConfig.load(file, Map.of()));
        String actual = e.getMessage().replace(file, "FILE").replaceAll("reference.conf: \\d+", "reference.conf");
        assertEquals(message.replace("`", ""), actual);
    }

    @Test
    void wrongOverrideNamesIt() {
        ConfigException unknown = assertThrows(ConfigException.class, () -> with("upcycle.kv-lora-rnk", "8"));
        assertEquals(
                "unknown key upcycle.kv-lora-rnk (-D upcycle.kv-lora-rnk), did you mean upcycle.kv-lora-rank?",
                unknown.getMessage());
        assertEquals(
                OptionalInt.of(8), with("upcycle.kv-lora-rank", "8").upcycle().kvLoraRank());
        assertEquals(
                List.of("hdfs://h:9000/a.jsonl", "s3a://b/c"),
                with("corpus.train", "hdfs://h:9000/a.jsonl,s3a://b/c").corpus().train());
    }

    @Test
    void brokenOrMissingFileIsOneLine() throws IOException {
        String file = file("run {\n dir = = 3\n");
        ConfigException broken = assertThrows(ConfigException.class, () -> RunConfig.load(file, Map.of()));
        assertTrue(broken.getMessage().contains("run.conf: 2"), broken.getMessage());
        assertFalse(broken.getMessage().contains("\n"));
        ConfigException missing =
                assertThrows(ConfigException.class, () -> RunConfig.load(directory + "/none.conf", Map.of()));
        assertEquals("no such configuration file: " + directory + "/none.conf", missing.getMessage());
        String open = file("base.path = ${nowhere}/x");
        ConfigException unresolved = assertThrows(ConfigException.class, () -> RunConfig.load(open, Map.of()));
        assertTrue(
                unresolved.getMessage().endsWith("${nowhere}: set it in the environment or in the file"),
                unresolved.getMessage());
    }

    @Test
    void everyKeyIsDocumented() {
        Config reference = ConfigSources.reference().withoutPath("profiles").withoutPath("recipes");
        int[] numKeys = {0};
        checkDocumented("", reference.root(), numKeys);
        assertTrue(numKeys[0] > 80, numKeys[0] + " keys");
    }

    private static void checkDocumented(String prefix, ConfigObject object, int[] numKeys) {
        for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
            String key = prefix + entry.getKey();
            if (entry.getValue() instanceof ConfigObject section && !section.isEmpty()) {
                checkDocumented(key + ".", section, numKeys);
            } else {
                numKeys[0]++;
                List<String> comments = entry.getValue().origin().comments();
                assertFalse(comments.isEmpty(), key + " has no comment in reference.conf");
                assertTrue(String.join(" ", comments).strip().endsWith("."), key + " is documented in half sentences");
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> everyShippedFileLoads() throws IOException {
        List<Path> shipped;
        try (Stream<Path> files = Files.walk(Path.of("conf"))) {
            shipped = files.filter(file -> file.toString().endsWith(".conf"))
                    .filter(file -> !file.startsWith(Path.of("conf/include"))) // parts, which the others load
                    .toList();
        }
        assertFalse(shipped.isEmpty());
        return shipped.stream()
                .map(file -> DynamicTest.dynamicTest(
                        file.toString(),
                        () -> assertTrue(RunConfig.load(file.toString(), Map.of())
                                .models()
                                .base()
                                .isPresent())));
    }

    @Test
    void sequenceLengthFollowsTheModel() {
        ModelConfig model = with().pretrain().model(100, 128, 1, 2);
        assertEquals(128, with().sequence().lengthFor(model));
        assertEquals(64, with("sequence.length", "64").sequence().lengthFor(model));
        ModelConfig longer = with().pretrain().model(100, 4096, 1, 2);
        assertEquals(256, with().sequence().lengthFor(longer));
        ConfigException e = assertThrows(
                ConfigException.class,
                () -> with("sequence.length", "129").sequence().lengthFor(model));
        assertEquals(
                "sequence.length = 129 is more than the model's max_position_embeddings 128: set it to at most that",
                e.getMessage());
    }

    @Test
    void warmUpIsAHundredthUnlessGiven() {
        OptimizerConfig auto = with().distill().optimizer();
        assertEquals(3, auto.warmupStepsOf(250, OptimizerConfig.WARMUP_SHARE));
        assertEquals(0, auto.warmupStepsOf(0, OptimizerConfig.WARMUP_SHARE));
        OptimizerConfig given = with("distill.warmup-steps", "20").distill().optimizer();
        assertEquals(20, given.warmupStepsOf(250, OptimizerConfig.WARMUP_SHARE));
        assertEquals(10, given.warmupStepsOf(10, OptimizerConfig.WARMUP_SHARE));
    }

    @Test
    void aRecipeSetsDefaultsThatKeysOverrule() {
        RunConfig few = RunConfig.ofOverrides(Map.of("distill.recipe", "few-tokens", "distill.betas", "[0.9, 0.95]"));
        assertEquals(16, few.distill().optimizer().batchSequences());
        assertEquals(0.95, few.distill().optimizer().beta2());
        assertEquals(LayerMatchingConfig.Form.MSE, few.distill().hidden().form());
        assertEquals(OptionalDouble.empty(), few.distill().hidden().weight());
        assertEquals(TargetsConfig.Draws.STRATIFIED, few.targets().draws());
        assertEquals(12, few.targets().samples());
    }
}
