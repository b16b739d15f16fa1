package org.xecomla.estimate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.ReplicasConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.UserException;
import org.xecomla.nn.Flops;
import org.xecomla.spark.TinyRun;

class EstimateTest {
    private static final StageRates RATES = new StageRates(4e12, 5e12, 2e5, 1.25e9, "given");
    private static final List<String> STAGES = List.of("shard", "teacher", "init", "distill", "dpo", "eval", "export");

    @TempDir
    Path dir;

    static Stream<Path> paperRuns() throws Exception {
        List<Path> runs = new ArrayList<>(List.of(Path.of("conf/llama3.2-1b-8b-teacher.conf")));
        try (Stream<Path> paper = Files.list(Path.of("conf/paper"))) {
            paper.sorted().forEach(runs::add);
        }
        return runs.stream();
    }

    /** A shipped run with the models that its configuration names, as shapes. */
    private static RunConfig shipped(Path file) {
        RunConfig named = RunConfig.load(file.toString(), Map.of());
        Map<String, String> models = new HashMap<>();
        models.put(
                "base.path",
                "conf/shapes/" + Path.of(named.models().requireBase()).getFileName());
        models.put(
                "teacher.path",
                "conf/shapes/" + Path.of(named.models().requireTeacher()).getFileName());
        return RunConfig.load(file.toString(), models);
    }

    private static long overhead(RunConfig config) {
        return Estimate.overheads(config).get("spark.executor.memoryOverhead");
    }

    private static double number(String text) {
        return Double.parseDouble(text.replace(",", ""));
    }

    @ParameterizedTest
    @MethodSource("paperRuns")
    void everyShippedRunHasAPrice(Path file) {
        RunConfig config = shipped(file);
        List<String> lines = Estimate.of(config, OptionalLong.empty(), OptionalLong.of(130_000))
                .lines(RATES, 24);
        List<String> stages = new ArrayList<>(STAGES);
        if (!config.dpo().isEnabled()) {
            stages.remove("dpo");
        }
        for (String stage : stages) {
            String[] row = lines.stream()
                    .filter(line -> line.startsWith(stage + " "))
                    .findFirst()
                    .orElseThrow()
                    .split("\\s+");
            assertEquals(8, row.length, String.join(" ", row));
            double hours = number(row[3]);
            double gibibytes = number(row[4]);
            assertTrue(hours >= 0 && hours < 1e5, stage + " takes " + hours + " h");
            assertTrue(gibibytes >= 0 && gibibytes < 400, stage + " takes " + gibibytes + " GiB");
            if (stage.equals("distill")) {
                assertEquals(config.distill().tokens().orElseThrow(), number(row[1]), 200 * 2048);
                assertTrue(hours > 1 && gibibytes > 1, String.join(" ", row));
            }
        }
        assertTrue(overhead(config) > 4L << 30, "that of Spark would do");
    }

    /** The code published with the paper averages gradients in every step; rounds of weights are a variant. */
    @ParameterizedTest
    @MethodSource("paperRuns")
    void everyShippedRunAveragesGradientsInEveryStep(Path file) {
        ReplicasConfig replicas = shipped(file).distill().replicas();
        assertEquals(1, replicas.localSteps());
        assertEquals(AveragingConfig.What.GRADIENTS, replicas.averaging().what());
    }

    @Test
    void roundsOfStepsAreAVariant() {
        ReplicasConfig replicas = RunConfig.load("conf/include/rounds-of-20.conf", Map.of())
                .distill()
                .replicas();
        assertEquals(20, replicas.localSteps());
        assertEquals(AveragingConfig.What.WEIGHTS, replicas.averaging().what());
    }

    /** Two layers, one head of two dimensions, tied: counted by hand. */
    @Test
    void operationsAreThoseOfTheMatrices() {
        AttentionConfig attention = new AttentionConfig.Gqa(1, 1, 2, RopeScaling.NONE);
        ModelConfig model = new ModelConfig(2, 3, 7, 16, 1e-5, 1e4, true, -1, -1, List.of(attention, attention));
        int weights = 2 * (4 * 2 * 2 + 3 * 2 * 3) + 7 * 2; // q, k, v, o; gate, up, down; the embedding as head
        int length = 5;
        int pairs = length * (length + 1) / 2;
        assertEquals(2 * weights * length + 2 * pairs * 2 * (2 + 2), Flops.forward(model, length), 0);
    }

    @Test
    void aRunIsCountedFromItsPlan() throws Exception {
        RunConfig config = TinyRun.in(dir).config("run", 3);
        RunShapes shapes = RunShapes.of(config);
        CorpusSize corpus = CorpusSize.assume(6400, "given");
        StageCost distill = stage("distill", RunCost.of(config, shapes, corpus, PreferenceSize.NONE, 1));
        assertEquals(24 * 6 * 32, distill.tokens(), 0);
        assertEquals(24 * 6 * 3 * Flops.forward(shapes.student(), 32), distill.flops(), 1);
        double bytes = StageMemory.weights(shapes.student());
        assertEquals(3 * 12 * 2 * 2 / 3.0 * bytes, distill.exchanged(), 1, "12 rounds of 2 (P - 1) / P");
        assertEquals(4 * (bytes + 3 * 2 * bytes), distill.written(), 1, "4 checkpoints with the moments of 3 replicas");
        List<String> lines =
                Estimate.of(config, shapes, corpus, PreferenceSize.NONE).lines(RATES, 24);
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("averaging  12 rounds")), lines::toString);
        assertTrue(lines.get(1).startsWith("corpus     6,400 tokens"), lines::toString);
    }

    /** The base runs beside the student, without its head, and its weights and states have to be held. */
    @Test
    void whatTheLayersLearnIsCountedToo() throws Exception {
        Map<String, String> settings = new HashMap<>(TinyRun.in(dir).settings("run", 2));
        RunConfig plain = RunConfig.ofOverrides(settings);
        settings.put("distill.hidden-loss", "mse");
        RunConfig hidden = RunConfig.ofOverrides(settings);
        RunShapes shapes = RunShapes.of(plain);
        CorpusSize corpus = CorpusSize.assume(6400, "given");
        StageCost without = stage("distill", RunCost.of(plain, shapes, corpus, PreferenceSize.NONE, 1));
        StageCost with = stage("distill", RunCost.of(hidden, shapes, corpus, PreferenceSize.NONE, 1));
        ModelConfig base = shapes.base();
        double blocks = Flops.forward(base, 32) - 2.0 * 32 * base.hiddenSize() * base.vocabSize();
        assertEquals(24 * 6 * blocks, with.flops() - without.flops(), 1);
        long states = 2L * base.numLayers() * 32 * base.hiddenSize() * Float.BYTES;
        long more = with.memory() - without.memory();
        assertTrue(more >= StageMemory.weights(base) + states && more < 8 * StageMemory.weights(base), "more: " + more);
    }

    private static StageCost stage(String wanted, RunCost cost) {
        return cost.stages().stream()
                .filter(stage -> stage.stage().equals(wanted))
                .findFirst()
                .orElseThrow();
    }

    /** 20 pairs twice in batches of 4 by two replicas: the reference says each once, 10 steps learn from 4 each. */
    @Test
    void thePreferenceStageIsCountedFromItsPairs() throws Exception {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            lines.add("{\"prompt\":\"" + "a ".repeat(i % 5 + 1) + "\",\"chosen\":\" cat.\",\"rejected\":\" a dog\"}");
        }
        Files.write(dir.resolve("pairs.jsonl"), lines);
        Map<String, String> settings = new HashMap<>(TinyRun.in(dir).settings("run", 2));
        settings.put("dpo.train", "[\"" + dir.resolve("pairs.jsonl") + "\"]");
        settings.put("dpo.batch-pairs", "4");
        settings.put("dpo.epochs", "2");
        settings.put("dpo.local-steps", "5");
        settings.put("dpo.checkpoint-every", "10");
        settings.put("compute.recompute", "blocks");
        RunConfig config = RunConfig.ofOverrides(settings);
        RunShapes shapes = RunShapes.of(config);
        PreferenceSize size = PreferenceSize.of(config, shapes.base(), OptionalLong.empty());
        assertEquals(20, size.pairs());
        RunCost cost = RunCost.of(config, shapes, CorpusSize.assume(6400, "given"), size, 1);
        StageCost dpo = stage("dpo", cost);
        double perPair = size.tokensPerPair();
        assertTrue(perPair > 8 && perPair < 40, "tokens of a pair: " + perPair);
        assertEquals(60 * perPair, dpo.tokens(), 1e-6);
        int length = (int) (perPair / 2);
        double forward = Flops.forward(shapes.student(), length) / length;
        double blocks =
                forward - 2.0 * shapes.student().hiddenSize() * shapes.student().vocabSize();
        assertEquals(perPair * (20 * forward + 40 * (3 * forward + blocks)), dpo.flops(), 1);
        double bytes = StageMemory.weights(shapes.student());
        assertEquals(2 * 2 * 2 / 2.0 * bytes, dpo.exchanged(), 1, "2 rounds of 2 (P - 1) / P");
        assertEquals(bytes + 2 * 2 * bytes, dpo.written(), 1, "a checkpoint with the moments of 2 replicas");
        assertTrue(dpo.memory() > 4 * bytes, "weights, gradients and moments");
        double evaluated = stage("eval", cost).tokens();
        assertEquals(
                4.0
                        / 3
                        * stage(
                                        "eval",
                                        RunCost.of(
                                                TinyRun.in(dir).config("run", 2),
                                                shapes,
                                                CorpusSize.assume(6400, "given"),
                                                PreferenceSize.NONE,
                                                1))
                                .tokens(),
                evaluated,
                1e-6);

        settings.put("dpo.train", "[\"/nowhere.jsonl\"]");
        RunConfig lost = RunConfig.ofOverrides(settings);
        String said = String.join(
                "\n",
                Estimate.of(lost, OptionalLong.of(6400), OptionalLong.empty()).lines(RATES, 24));
        assertTrue(said.contains("pairs      not counted: dpo.train cannot be read here; give --pairs N"), said);
    }

    @Test
    void anExecutorNeedsWhatItsTasksTake() throws Exception {
        RunConfig config = TinyRun.in(dir).config("run", 2);
        long most = StageMemory.of(config, RunShapes.of(config), 1).most();
        assertEquals(most + (384L << 20), overhead(config), "one task, and what a JVM takes");
        Map<String, String> two = new HashMap<>(TinyRun.in(dir).settings("run", 2));
        two.put("spark.executor-cores", "2");
        two.put("compute.threads", "1");
        two.put("spark.executor-memory", "8g");
        assertEquals(2 * most + (long) (0.1 * (8L << 30)), overhead(RunConfig.ofOverrides(two)));
    }

    @Test
    void whatIsNotKnownIsAskedFor() throws Exception {
        Map<String, String> settings = new HashMap<>(TinyRun.in(dir).settings("run", 1));
        settings.put("corpus.train", "[\"/nowhere.jsonl\"]");
        settings.remove("distill.tokens");
        RunConfig config = RunConfig.ofOverrides(settings);
        UserException e = assertThrows(
                UserException.class, () -> Estimate.of(config, OptionalLong.empty(), OptionalLong.empty()));
        assertTrue(e.getMessage().contains("--corpus-tokens"), e.getMessage());
        settings.put("base.path", "/nowhere");
        RunConfig lost = RunConfig.ofOverrides(settings);
        assertThrows(UserException.class, () -> Estimate.of(lost, OptionalLong.of(1000), OptionalLong.empty()));
    }
}
