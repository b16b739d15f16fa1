package org.xecomla.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.serve.Generator.Prompt;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.upcycle.Student;
import org.xecomla.upcycle.StudentInitializer;
import org.xecomla.upcycle.UpcyclePlan;
import org.xecomla.upcycle.base.BaseWeights;

/** Decoding with the cache writes what computing the whole sequence for every token writes. */
class GeneratorTest {
    private static final Path DEMO = DataFiles.path("conf/demo/model");
    private static final StopRule NEVER = StopRule.atTokens(Set.of());

    @ParameterizedTest
    @ValueSource(strings = {"llama-gqa-tied", "mla-gqa-tied-stride", "mla-serving", "mla-hybrid"})
    void greedyTokensOfGoldenModels(String fixture) {
        try (Kernels kernels = new CpuKernels(2);
                LoadedModel loaded =
                        LoadedModel.open(DataFiles.path("src/test/resources/golden/" + fixture), kernels, 32)) {
            assertGreedyIsRecomputed(loaded.model(), new int[][] {{1, 2, 3}, {4}, {5, 6, 7, 8, 9}}, 20);
        }
    }

    @Test
    void greedyTokensOfTheDemoModel() {
        try (Kernels kernels = new CpuKernels(2);
                Tokenizer tokenizer = Tokenizer.open(DEMO);
                LoadedModel loaded = LoadedModel.open(DEMO, kernels, 96)) {
            assertGreedyIsRecomputed(loaded.model(), stories(tokenizer), 64);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"all", "[1, 2]"})
    void greedyTokensOfItsStudents(String layers) {
        RunConfig config = RunConfig.ofOverrides(Map.of(
                "upcycle.method",
                "xecomla",
                "upcycle.kv-norm",
                "false",
                "upcycle.layers",
                layers,
                "upcycle.kv-lora-rank",
                "64"));
        ModelDirectory base = ModelDirectory.open(DEMO);
        UpcyclePlan plan = UpcyclePlan.of(config.upcycle(), base.config());
        try (Kernels kernels = new CpuKernels(2);
                Tokenizer tokenizer = Tokenizer.open(DEMO);
                Student student = StudentInitializer.initialise(BaseWeights.of(base), plan, null, ElementType.FLOAT);
                CausalLm model = new CausalLm(student.config(), student.weights(), null, kernels, 96)) {
            assertGreedyIsRecomputed(model, stories(tokenizer), 64);
        }
    }

    private static int[][] stories(Tokenizer tokenizer) {
        List<int[]> prompts = new ArrayList<>();
        for (String text : List.of("Once upon a time", "The little dog wanted to", "One day, Tom")) {
            int[] ids = tokenizer.encode(text);
            int[] prompt = new int[ids.length + 1];
            prompt[0] = tokenizer.bosTokenId().orElseThrow();
            System.arraycopy(ids, 0, prompt, 1, ids.length);
            prompts.add(prompt);
        }
        return prompts.toArray(int[][]::new);
    }

    private static void assertGreedyIsRecomputed(CausalLm model, int[][] prompts, int numNew) {
        List<Prompt> batch = Arrays.stream(prompts)
                .map(ids -> new Prompt(ids, Sampler.greedy()))
                .toList();
        List<int[]> added = new Generator(model).generate(batch, numNew, NEVER).added();
        for (int i = 0; i < prompts.length; i++) {
            assertEquals(numNew, added.get(i).length);
            assertArrayEquals(recomputed(model, prompts[i], numNew), added.get(i));
        }
    }

    /** The most probable tokens, each from a forward over the whole sequence so far. */
    private static int[] recomputed(CausalLm model, int[] prompt, int numNew) {
        int[] ids = Arrays.copyOf(prompt, prompt.length + numNew);
        for (int length = prompt.length; length < ids.length; length++) {
            int[] sofar = Arrays.copyOf(ids, length);
            ids[length] = Sampler.greedy().pick(lastLogits(model, sofar));
        }
        return Arrays.copyOfRange(ids, prompt.length, ids.length);
    }

    private static double[] lastLogits(CausalLm model, int[] ids) {
        long size = model.arenaBytes((m, arena) -> m.hiddenStates(ids, 1, arena, null));
        int vocabSize = model.config().vocabSize();
        try (Arena arena = Arena.of(model.kernels(), size + Float.BYTES * (vocabSize + 64L))) {
            Tensor hidden = model.hiddenStates(ids, 1, arena, null); // (T, D)
            Tensor logits = arena.matrix(1, vocabSize); // (1, V)
            model.logits(hidden.rows(ids.length - 1, ids.length), logits); // (1, V)
            return logits.toDoubles();
        }
    }

    @Test
    void drawsDoNotDependOnTheBatch() {
        try (Kernels kernels = new CpuKernels(1);
                Tokenizer tokenizer = Tokenizer.open(DEMO);
                LoadedModel loaded = LoadedModel.open(DEMO, kernels, 64)) {
            Generator generator = new Generator(loaded.model());
            int[][] prompts = stories(tokenizer);
            List<Prompt> batch = new ArrayList<>();
            for (int i = 0; i < prompts.length; i++) {
                batch.add(new Prompt(prompts[i], Sampler.of(1, 0.9, i)));
            }
            List<int[]> together = generator.generate(batch, 30, NEVER).added();
            for (int i = 0; i < prompts.length; i++) {
                assertArrayEquals(generator.generate(prompts[i], 30, Sampler.of(1, 0.9, i), NEVER), together.get(i));
            }
            int[] other = generator.generate(prompts[0], 30, Sampler.of(1, 0.9, 77), NEVER);
            assertNotEquals(Arrays.toString(together.get(0)), Arrays.toString(other));
        }
    }

    @Test
    void stopsAtTokensAndTexts() {
        try (Kernels kernels = new CpuKernels(1);
                Tokenizer tokenizer = Tokenizer.open(DEMO);
                LoadedModel loaded = LoadedModel.open(DEMO, kernels, 96)) {
            Generator generator = new Generator(loaded.model());
            int[] prompt = stories(tokenizer)[0];
            int[] all = generator.generate(prompt, 60, Sampler.greedy(), NEVER);
            int[] toEleventh = generator.generate(prompt, 60, Sampler.greedy(), StopRule.atTokens(Set.of(all[11])));
            int first = first(all, all[11]);
            assertArrayEquals(Arrays.copyOf(all, first), toEleventh);

            String words = tokenizer.decode(Arrays.copyOfRange(all, 5, 9));
            StopRule atWords = NEVER.orAt(List.of(words), tokenizer);
            int[] toWords = generator.generate(prompt, 60, Sampler.greedy(), atWords);
            assertTrue(tokenizer.decode(toWords).contains(words));
            assertTrue(!tokenizer
                    .decode(Arrays.copyOf(toWords, toWords.length - 1))
                    .contains(words));
            assertTrue(toWords.length < all.length);
        }
    }

    private static int first(int[] ids, int token) {
        int at = 0;
        while (ids[at] != token) {
            at++;
        }
        return at;
    }

    @Test
    void theRoomOfAModelEndsAText() {
        try (Kernels kernels = new CpuKernels(1);
                LoadedModel loaded = LoadedModel.open(DEMO, kernels, 8)) {
            Generator generator = new Generator(loaded.model());
            assertEquals(5, generator.generate(new int[] {1, 2, 3}, 60, Sampler.greedy(), NEVER).length);
            assertEquals(0, generator.generate(new int[8], 60, Sampler.greedy(), NEVER).length);
            assertThrows(UserException.class, () -> generator.generate(new int[9], 60, Sampler.greedy(), NEVER));
            assertThrows(UserException.class, () -> generator.generate(new int[0], 60, Sampler.greedy(), NEVER));
        }
    }
}
