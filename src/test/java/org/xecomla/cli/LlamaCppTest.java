package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.gguf.GgufWriter;
import org.xecomla.formats.gguf.ToyTokenizer;
import org.xecomla.nn.Goldens;
import org.xecomla.nn.SoftTargets;
import org.xecomla.safetensors.Dtype;
import org.xecomla.serve.Generator;
import org.xecomla.serve.Sampler;
import org.xecomla.serve.SequenceLogits;
import org.xecomla.serve.StopRule;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.train.TokenObjective;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.TrainingRun;
import org.xecomla.train.data.TrainingData;
import org.xecomla.train.data.TrainingSequence;

/** What {@code export --format gguf} writes, in real llama.cpp: logits, text, perplexity and the bytes of its cache. */
@Tag("llamacpp")
class LlamaCppTest {
    private static final String GOLDEN = "src/test/resources/golden/";
    private static final String BASE = "conf/demo/model";
    private static final JsonMapper JSON = new JsonMapper();
    private static final int LENGTH = 256;
    private static final String Q4_K_M = "15";
    private static final double MIB = 1 << 20;

    @TempDir
    private static Path made;

    private static String student;
    private static List<int[]> windows;

    @TempDir
    private Path directory;

    /** The demo's student after a quarter of its training, and all windows of its validation text. */
    @BeforeAll
    static void make() throws IOException {
        String start = made.resolve("start").toString();
        run(
                "init",
                "--base",
                BASE,
                "--out",
                start,
                "--calibration",
                "conf/demo/train.jsonl",
                "-D",
                "upcycle.profile=serving",
                "-D",
                "upcycle.kv-lora-rank=16",
                "-D",
                "upcycle.qk-rope-head-dim=16",
                "-D",
                "sequence.length=" + LENGTH);
        student = made.resolve("student").toString();
        distil(start, windows("conf/demo/train.jsonl"), student);
        windows = windows("conf/demo/valid.jsonl");
    }

    /** As {@code conf/demo.conf} does it, a quarter as long: four bits cost an untrained student more. */
    private static void distil(String start, List<int[]> text, String out) {
        ModelDirectory directory = ModelDirectory.open(DataFiles.path(start));
        RunConfig config = RunConfig.ofOverrides(Map.of(
                "distill.tokens", "100000",
                "distill.batch-sequences", "16",
                "distill.micro-batch-sequences", "8",
                "distill.learning-rate", "2e-3",
                "distill.min-learning-rate", "1e-4",
                "distill.warmup-steps", "5"));
        TrainingPlan plan = TrainingPlan.distillation(config, text.size(), LENGTH);
        try (Kernels kernels = new CpuKernels(2);
                LoadedModel teacher = LoadedModel.open(DataFiles.path(BASE), kernels, LENGTH);
                TrainingRun<TrainingSequence> run = new TrainingRun<>(
                        plan,
                        TokenObjective.distillation(config),
                        directory.config(),
                        kernels,
                        ParameterAveraging.alone())) {
            run.start(directory::load);
            run.train(new Taught(teacher, text), List.of());
            ModelDirectory.save(
                    DataFiles.path(out),
                    directory.config(),
                    run.replica().weights(),
                    SaveOptions.of(Dtype.F32, DataFiles.path(BASE)));
        }
    }

    /** Text with what the teacher says of it, asked for when it is read. */
    private record Taught(LoadedModel teacher, List<int[]> text) implements TrainingData {
        @Override
        public long numSequences() {
            return text.size();
        }

        @Override
        public int sequenceLength() {
            return LENGTH;
        }

        @Override
        public TrainingSequence read(long sequence) {
            int[] ids = text.get((int) sequence);
            double[] logits = doubles(SequenceLogits.of(teacher.model(), ids)); // (T, V)
            return TrainingSequence.of(
                    ids, SoftTargets.dense(logits, teacher.config().vocabSize(), 1));
        }
    }

    private static List<int[]> windows(String file) throws IOException {
        List<Integer> stream = new ArrayList<>();
        try (Tokenizer tokenizer = tokenizer()) {
            for (String line : Files.readAllLines(Path.of(file))) {
                stream.add(tokenizer.bosTokenId().orElseThrow());
                for (int id : tokenizer.encode(JSON.readTree(line).path("text").asText())) {
                    stream.add(id);
                }
            }
        }
        List<int[]> windows = new ArrayList<>();
        for (int from = 0; from + LENGTH <= stream.size(); from += LENGTH) {
            windows.add(stream.subList(from, from + LENGTH).stream()
                    .mapToInt(Integer::intValue)
                    .toArray());
        }
        assertTrue(windows.size() > 100, windows.size() + " windows");
        return windows;
    }

    private static Tokenizer tokenizer() {
        return Tokenizer.openFor(ModelDirectory.open(DataFiles.path(BASE)).config(), DataFiles.path(BASE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mla-serving",
                "mla-gqa-tied-last",
                "mla-gqa-tied-stride",
                "aligned-gqa-tied-r8-fold1",
                "aligned-gqa-tied-r8-fold1-norm",
                "llama-mha",
                "llama-gqa-tied",
                "llama-gqa-llama3rope",
                "llama-bf16-sharded",
                "family-llama-biases",
                "family-mistral",
                "family-qwen2",
                "family-granite",
                "family-granite-untied",
                "family-phi3"
            })
    void computesTheModelsLogits(String fixture) throws Exception {
        Path copy = Files.createDirectories(directory.resolve("model"));
        try (var files = Files.list(Path.of(GOLDEN + fixture))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        ModelDirectory model = ModelDirectory.open(DataFiles.path(copy.toString()));
        ToyTokenizer.write(ToyTokenizer.json(model.config()), copy);
        int[] ids = new int[64];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i * i % (model.config().vocabSize() - 1);
        }
        String file = export(copy.toString(), "f32");
        Path out = directory.resolve("logits");
        llamaCpp("logits", file, json(List.of(ids)), out.toString());
        double[] theirs = floats(out);
        double error;
        try (Kernels kernels = new CpuKernels(1);
                LoadedModel loaded = LoadedModel.open(model, kernels, ids.length)) {
            error = Goldens.relativeError(theirs, doubles(SequenceLogits.of(loaded.model(), ids)));
        }
        System.out.println(fixture + ": logits differ by " + error);
        assertTrue(error < 1e-4, fixture + ": logits differ by " + error);
    }

    /**
     * Of every eighth window: base and student, and the cache that {@code inspect} announces. Where latents are lost to
     * four bits it is a factor of 50.
     */
    @ParameterizedTest
    @ValueSource(strings = {"base", "student"})
    void perplexityAndCacheAreOurs(String which) throws Exception {
        String model = which.equals("base") ? BASE : student;
        List<int[]> some = IntStream.range(0, windows.size() / 8)
                .mapToObj(i -> windows.get(8 * i))
                .toList();
        double ours = perplexity(model, some);
        String exact = export(model, "f32");
        JsonNode f32 = evaluated(exact, some);
        assertEquals(1, Math.exp(f32.path("nll").asDouble()) / ours, 1e-5, "f32");
        checkCache(f32.path("cache"), ModelDirectory.open(DataFiles.path(model)), which.equals("base"));
        checkCloseness(evaluated(export(model, "bf16"), some), ours, 2e-3, "bf16");
        checkCloseness(evaluated(export(model, "q8_0"), some), ours, 2e-3, "q8_0");
        String quantised = directory.resolve("q4.gguf").toString();
        llamaCpp("quantise", exact, quantised, Q4_K_M);
        checkCloseness(evaluated(quantised, some), ours, 2e-3, "Q4_K_M");
    }

    @Test
    void perplexityOfAllTextIsOurs() throws Exception {
        double theirs =
                Math.exp(evaluated(export(student, "f32"), windows).path("nll").asDouble());
        double ours = perplexity(student, windows);
        System.out.printf("%d windows: perplexity %.6f, ours %.6f%n", windows.size(), theirs, ours);
        assertEquals(1, theirs / ours, 1e-5);
    }

    private static void checkCloseness(JsonNode result, double ours, double bound, String type) {
        double theirs = Math.exp(result.path("nll").asDouble());
        System.out.printf(
                "%s: perplexity %.6f, ours in f32 %.6f, ratio - 1 %.2e%n", type, theirs, ours, theirs / ours - 1);
        assertEquals(1, theirs / ours, bound, type);
    }

    private static void checkCache(JsonNode cache, ModelDirectory model, boolean values) {
        double mib = cache.path("cells").asInt()
                * (double) Float.BYTES
                * model.config().kvElementsPerToken()
                / MIB;
        assertEquals(values ? mib / 2 : mib, cache.path("keyMib").asDouble(), 0.006, "K");
        assertEquals(values ? mib / 2 : 0, cache.path("valueMib").asDouble(), values ? 0.006 : 0, "V");
    }

    @Test
    void greedyTextIsOurs() throws Exception {
        List<int[]> prompts = windows.subList(0, 12).stream()
                .map(window -> Arrays.copyOf(window, 24))
                .toList();
        JsonNode theirs = JSON.readTree(llamaCpp("generate", export(student, "f32"), json(prompts), "40"));
        ModelDirectory model = ModelDirectory.open(DataFiles.path(student));
        try (Kernels kernels = new CpuKernels(1);
                LoadedModel loaded = LoadedModel.open(model, kernels, LENGTH)) {
            for (int p = 0; p < prompts.size(); p++) {
                int[] added = new Generator(loaded.model())
                        .generate(prompts.get(p), 40, Sampler.greedy(), StopRule.of(model));
                int[] expected = JSON.convertValue(theirs.path("ids").path(p), int[].class);
                assertArrayEquals(expected, Arrays.copyOf(added, expected.length), "prompt " + p);
            }
        }
    }

    @Test
    void textHasTheIdsOfTheTokenizer() throws Exception {
        List<String> texts = List.of(
                "One day, Eva found an old map.",
                " two  blanks\n\nand\tlines\r\n",
                "It's 1234567 o'clock: \"really?\" (yes)",
                "größer — naïve … 你好 🙂 \u00a0x",
                "",
                "aaaaaaaaaaaaaaaa       b");
        JsonNode theirs = JSON.readTree(llamaCpp("tokens", export(BASE, "q8_0"), json(texts)));
        try (Tokenizer tokenizer = tokenizer()) {
            for (int t = 0; t < texts.size(); t++) {
                assertArrayEquals(
                        tokenizer.encode(texts.get(t)),
                        JSON.convertValue(theirs.path("ids").path(t), int[].class),
                        texts.get(t));
            }
        }
    }

    private static double perplexity(String model, List<int[]> text) {
        double sum = 0;
        long count = 0;
        try (Kernels kernels = new CpuKernels(1);
                LoadedModel loaded = LoadedModel.open(DataFiles.path(model), kernels, LENGTH)) {
            int vocab = loaded.config().vocabSize();
            for (int[] ids : text) {
                float[] logits = SequenceLogits.of(loaded.model(), ids); // (T, V)
                for (int t = 0; t + 1 < ids.length; t++) {
                    sum += negativeLogLikelihood(logits, t * vocab, vocab, ids[t + 1]);
                    count++;
                }
            }
        }
        return Math.exp(sum / count);
    }

    private static double negativeLogLikelihood(float[] logits, int from, int vocab, int next) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int v = 0; v < vocab; v++) {
            largest = Math.max(largest, logits[from + v]);
        }
        double sum = 0;
        for (int v = 0; v < vocab; v++) {
            sum += Math.exp(logits[from + v] - largest);
        }
        return largest + Math.log(sum) - logits[from + next];
    }

    private JsonNode evaluated(String file, List<int[]> text) throws Exception {
        return JSON.readTree(llamaCpp("evaluate", file, json(text)));
    }

    private String export(String model, String dtype) {
        String out = directory.resolve("export-" + dtype).toString();
        run("export", "--model", model, "--format", "gguf", "--dtype", dtype, "--out", out);
        return out + "/" + GgufWriter.FILE;
    }

    private String json(Object value) throws IOException {
        return Files.writeString(directory.resolve("input.json"), JSON.writeValueAsString(value))
                .toString();
    }

    /** The last line that it prints. */
    private static String llamaCpp(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("src/main/scripts/check-llamacpp"));
        command.addAll(List.of(arguments));
        Process check = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(0, check.waitFor(), said);
        return said.substring(said.lastIndexOf('\n') + 1);
    }

    private static double[] floats(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return doubles(values);
    }

    private static double[] doubles(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }

    private static void run(String... arguments) {
        assertEquals(0, Main.commandLine().execute(arguments));
    }
}
