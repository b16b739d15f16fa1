package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.AttentionConfig.NormScope;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.UserException;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.safetensors.Integers;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;

/** Decoding with the cache gives the logits of the whole sequence: the golden models, GQA, MLA and hybrid. */
class DecoderTest {
    private static final int B = 3;
    private static final int T = 23;
    private static final int[] PROMPT_LENGTHS = {1, 9, 4};
    private static final int NUM_STEPS = 14;

    static Stream<Arguments> modelsAndKernels() {
        return Goldens.models().stream()
                .flatMap(dir -> KernelChoice.all().stream().map(choice -> Arguments.of(dir.getName(), choice, dir)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("modelsAndKernels")
    void logitsAreThoseOfTheWholeSequence(String fixture, KernelChoice choice, Path dir) {
        ModelDirectory directory = ModelDirectory.open(dir);
        int[] ids = Integers.of(Goldens.expected(fixture), "input_ids"); // (B*T)
        try (Kernels kernels = choice.make();
                ParameterStore weights =
                        Tensors.zeros(CausalLm.layout(directory.config(), name -> false), kernels.type());
                CausalLm model = new CausalLm(directory.config(), weights, null, kernels, T)) {
            directory.load(weights);
            double error = new Run(model, ids).worstError();
            double bound = kernels.type() == ElementType.DOUBLE ? 1e-12 : 1e-5;
            assertTrue(error < bound, fixture + ": logits differ by " + error);
        }
    }

    static List<KernelChoice> kernels() {
        return KernelChoice.all();
    }

    /** Latent layers with biases, of which no golden file is. */
    @ParameterizedTest
    @MethodSource("kernels")
    void biasesAreCachedWithTheLatent(KernelChoice choice) {
        RopeScaling plain = RopeScaling.NONE;
        assertDecodes(
                choice,
                List.of(
                        new AttentionConfig.Mla(4, 0, 7, 3, 6, 5, false, false, plain, 0.3, Biases.INPUTS, null),
                        new AttentionConfig.Mla(4, 9, 7, 3, 6, 5, true, true, plain, 0.3, Biases.ALL, null),
                        scaled(0, NormScope.HEAD, Biases.INPUTS),
                        scaled(9, NormScope.TOKEN, Biases.ALL)));
    }

    /** Layers whose keys and values have latents of different ranks, with and without biases and norms. */
    @ParameterizedTest
    @MethodSource("kernels")
    void keysAreRebuiltFromTheirLatents(KernelChoice choice) {
        RopeScaling yarn = new RopeScaling.Yarn(8, 16, 4, 1, 1, 0);
        AttentionConfig.HeadNorm norm = new AttentionConfig.HeadNorm(NormScope.HEAD, 1e-5);
        assertDecodes(
                choice,
                List.of(
                        new AttentionConfig.LowRankGqa(new AttentionConfig.Gqa(6, 2, 4, RopeScaling.NONE), 5, 3),
                        new AttentionConfig.LowRankGqa(new AttentionConfig.Gqa(3, 3, 6, yarn, Biases.INPUTS), 1, 11),
                        new AttentionConfig.Gqa(6, 2, 4, RopeScaling.NONE),
                        new AttentionConfig.LowRankGqa(
                                new AttentionConfig.Gqa(4, 1, 4, yarn, Biases.ALL, norm), 4, 2)));
    }

    private static void assertDecodes(KernelChoice choice, List<AttentionConfig> layers) {
        ModelConfig config = new ModelConfig(12, 20, 31, 64, 1e-5, 10000, false, true, 1, List.of(2), layers);
        Random random = new Random(3);
        int[] ids = random.ints(B * T, 0, 31).toArray();
        try (Kernels kernels = choice.make();
                ParameterStore weights = Tensors.zeros(CausalLm.layout(config, name -> false), kernels.type());
                CausalLm model = new CausalLm(config, weights, null, kernels, T)) {
            GradientCheck.fill(weights, random);
            double error = new Run(model, ids).worstError();
            assertTrue(error < (kernels.type() == ElementType.DOUBLE ? 1e-12 : 1e-5), "logits differ by " + error);
        }
    }

    /** A student of a base that normalises queries and keys. */
    private static AttentionConfig scaled(int queryRank, NormScope scope, Biases biases) {
        AttentionConfig.KeyScales scales = new AttentionConfig.KeyScales(2, new AttentionConfig.HeadNorm(scope, 1e-5));
        return new AttentionConfig.Mla(4, queryRank, 7, 3, 6, 5, true, true, RopeScaling.NONE, 0.3, biases, scales);
    }

    /** Prompts of different lengths, then steps of all of them together. */
    private record Run(CausalLm model, int[] ids) {
        double worstError() {
            double[][] whole = wholeLogits(); // (B*T, V)
            double worst = 0;
            try (KvCache cache = new KvCache(model.config(), model.kernels(), B, T)) {
                Decoder decoder = new Decoder(model, cache);
                try (Arena arena = Arena.of(model.kernels(), decoder.arenaBytes(T))) {
                    for (int b = 0; b < B; b++) {
                        int[] prompt = Arrays.copyOfRange(ids, b * T, b * T + PROMPT_LENGTHS[b]);
                        double[] logits = decoder.logits(decoder.prefill(prompt, b, arena), arena)
                                .toDoubles();
                        worst = Math.max(worst, Goldens.relativeError(logits, whole[b * T + prompt.length - 1]));
                        arena.release(0);
                    }
                    for (int s = 0; s < NUM_STEPS; s++) {
                        worst = Math.max(worst, stepError(decoder, s, whole, arena));
                    }
                }
            }
            return worst;
        }

        /** The sequences lie in the batch in another order than in the cache. */
        private double stepError(Decoder decoder, int step, double[][] whole, Arena arena) {
            int[] slots = {2, 0, 1};
            int[] positions =
                    Arrays.stream(slots).map(b -> PROMPT_LENGTHS[b] + step).toArray();
            int[] rows = new int[B];
            Arrays.setAll(rows, i -> slots[i] * T + positions[i]);
            int[] next = Arrays.stream(rows).map(row -> ids[row]).toArray();
            Tensor logits = decoder.logits(decoder.step(next, slots, positions, arena), arena); // (B, V)
            double worst = 0;
            for (int i = 0; i < B; i++) {
                worst = Math.max(
                        worst, Goldens.relativeError(logits.rows(i, i + 1).toDoubles(), whole[rows[i]]));
            }
            arena.release(0);
            return worst;
        }

        private double[][] wholeLogits() {
            long size = model.arenaBytes((m, arena) -> m.hiddenStates(ids, B, arena, null));
            int vocabSize = model.config().vocabSize();
            Tensor logits = Tensors.zeros(model.weights().type(), B * T, vocabSize); // (B*T, V)
            try (Arena arena = Arena.of(model.kernels(), size)) {
                model.logits(model.hiddenStates(ids, B, arena, null), logits);
                double[][] rows = new double[B * T][];
                Arrays.setAll(rows, n -> logits.rows(n, n + 1).toDoubles());
                return rows;
            } finally {
                logits.storage().close();
            }
        }
    }

    @Test
    void theCacheTakesWhatItsLayersAskFor() {
        ModelConfig hybrid = config("mla-hybrid");
        int elements = hybrid.attention().stream()
                .mapToInt(layer -> layer.kvElementsPerToken())
                .sum();
        try (Kernels kernels = new CpuKernels(1);
                KvCache cache = new KvCache(hybrid, kernels, 5, 7)) {
            assertEquals(5L * 7 * elements * Float.BYTES, cache.bytes());
            assertEquals((double) elements * Float.BYTES, cache.bytesPerToken());
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        ModelDirectory directory = ModelDirectory.open(Goldens.models().get(0));
        ModelConfig config = directory.config();
        try (Kernels kernels = new CpuKernels(1);
                ParameterStore weights = Tensors.zeros(CausalLm.layout(config, name -> false), ElementType.FLOAT);
                CausalLm model = new CausalLm(config, weights, null, kernels, T);
                KvCache cache = new KvCache(config, kernels, 1, 4)) {
            Decoder decoder = new Decoder(model, cache);
            try (Arena arena = Arena.of(kernels, decoder.arenaBytes(4))) {
                assertThrows(UserException.class, () -> decoder.prefill(new int[5], 0, arena));
                int[] first = {0};
                assertThrows(UserException.class, () -> decoder.step(first, first, new int[] {4}, arena));
                assertThrows(
                        UserException.class, () -> decoder.step(new int[] {config.vocabSize()}, first, first, arena));
            }
        }
    }

    private static ModelConfig config(String fixture) {
        return Goldens.models().stream()
                .filter(dir -> dir.getName().equals(fixture))
                .map(dir -> ModelDirectory.open(dir).config())
                .findFirst()
                .orElseThrow();
    }
}
