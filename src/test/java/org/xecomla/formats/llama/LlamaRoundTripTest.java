package org.xecomla.formats.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.AttentionConfig.NormScope;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.Models;
import org.xecomla.formats.RoundTrip;
import org.xecomla.safetensors.Dtype;

class LlamaRoundTripTest {
    static Stream<Arguments> forms() {
        AttentionConfig plain = Models.gqa(2, 4, RopeScaling.NONE);
        return Stream.of(
                Arguments.of("gqa tied", true, List.of(plain, plain)),
                Arguments.of("mha, head_dim of its own, llama3", false, List.of(Models.gqa(4, 6, Models.LLAMA3))),
                Arguments.of("Qwen2's biases", true, List.of(Models.biased(plain, Biases.INPUTS))),
                Arguments.of("all biases", false, List.of(Models.biased(plain, Biases.ALL))),
                Arguments.of("Qwen3's norms", true, List.of(normed(NormScope.HEAD, 1e-5, Biases.NONE))),
                Arguments.of("Qwen3's norms and biases", false, List.of(normed(NormScope.HEAD, 1e-5, Biases.ALL))),
                Arguments.of("SmolLM3's rotation", true, List.of(plain, plain, unrotated(plain), plain, plain)),
                Arguments.of(
                        "SmolLM3's rotation and biases, llama3",
                        false,
                        List.of(
                                unrotated(Models.biased(plain, Biases.ALL)),
                                Models.biased(Models.gqa(2, 4, Models.LLAMA3), Biases.ALL))),
                Arguments.of("no rotation at all", false, List.of(unrotated(plain), unrotated(plain))),
                Arguments.of("linear", false, List.of(Models.gqa(1, 4, new RopeScaling.Linear(2.5)))),
                Arguments.of("yarn", false, List.of(Models.gqa(1, 4, Models.YARN))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    void everyFormComesBack(String name, boolean tied, List<AttentionConfig> attention, @TempDir Path temporary) {
        ModelConfig model = Models.of(tied, attention);
        RoundTrip.check(new LlamaWriter(), model, DataFiles.path(temporary.toString()));
        assertEquals(model, LlamaReader.shape(DataFiles.path(temporary + "/config.json")));
    }

    private static AttentionConfig unrotated(AttentionConfig layer) {
        return ((AttentionConfig.Gqa) layer).withRopeScaling(RopeScaling.UNROTATED);
    }

    private static AttentionConfig.Gqa normed(NormScope scope, double epsilon, Biases biases) {
        return new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE, biases, new AttentionConfig.HeadNorm(scope, epsilon));
    }

    /** SmolLM3's class would take a padding token of its own, beyond small vocabularies, and refuse to load. */
    @Test
    void smolLm3HasNoPaddingToken() {
        AttentionConfig plain = Models.gqa(2, 4, RopeScaling.NONE);
        String json = LlamaWriter.text(Models.of(true, List.of(plain, unrotated(plain))), Dtype.F32);
        assertTrue(json.contains("\"pad_token_id\" : null"), json);
    }

    @Test
    void whatConfigJsonCannotSayIsRefused() {
        AttentionConfig picked = Models.gqa(2, 4, new RopeScaling.Explicit(List.of(1.0, 0.5)));
        ConfigException noClass = assertThrows(
                ConfigException.class,
                () -> LlamaWriter.text(
                        Models.withMlpBias(Models.of(
                                false, List.of(Models.biased(Models.gqa(2, 4, RopeScaling.NONE), Biases.INPUTS)))),
                        Dtype.F32));
        assertTrue(noClass.getMessage().contains("no class of transformers has these"), noClass.getMessage());
        String norms = "norms of queries and keys that are not those of Qwen3";
        assertRefused(norms, normed(NormScope.HEAD, 1e-5, Biases.INPUTS));
        assertRefused(norms, normed(NormScope.HEAD, 1e-3, Biases.NONE));
        assertRefused(norms, normed(NormScope.TOKEN, 1e-5, Biases.NONE));
        assertRefused(norms, unrotated(normed(NormScope.HEAD, 1e-5, Biases.NONE)));
        assertRefused(
                "layers without rotation, and biases of queries, keys and values alone",
                Models.biased(Models.gqa(2, 4, RopeScaling.NONE), Biases.INPUTS),
                unrotated(Models.biased(Models.gqa(2, 4, RopeScaling.NONE), Biases.INPUTS)));
        assertRefused("explicit rope frequencies cannot be written as rope_scaling", picked);
        assertRefused(
                "grouped-query attention differ",
                Models.gqa(2, 4, RopeScaling.NONE),
                Models.gqa(4, 4, RopeScaling.NONE));
    }

    private static void assertRefused(String message, AttentionConfig... attention) {
        ModelConfig model = Models.of(false, List.of(attention));
        ConfigException refusal = assertThrows(ConfigException.class, () -> LlamaWriter.text(model, Dtype.F32));
        assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
    }
}
