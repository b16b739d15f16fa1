package org.xecomla.formats.xecomla;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Collections;
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

class XecomlaRoundTripTest {
    static Stream<Arguments> forms() {
        RopeScaling picked = new RopeScaling.Explicit(List.of(1.0, 0.25, 0.001));
        AttentionConfig full = Models.gqa(4, 6, Models.LLAMA3);
        return Stream.of(
                Arguments.of("no latent layer", true, List.of(Models.gqa(2, 4, RopeScaling.NONE))),
                Arguments.of("norm on the latent", true, List.of(Models.mla(0, 7, false, true, RopeScaling.NONE))),
                Arguments.of(
                        "low-rank queries, yarn",
                        false,
                        Collections.nCopies(2, Models.mla(9, 7, true, false, Models.YARN))),
                Arguments.of(
                        "Qwen2's biases",
                        true,
                        Collections.nCopies(
                                2, Models.biased(Models.mla(0, 7, false, true, RopeScaling.NONE), Biases.INPUTS))),
                Arguments.of(
                        "all biases, low-rank queries, hybrid",
                        false,
                        List.of(
                                Models.biased(Models.mla(9, 7, true, false, Models.YARN), Biases.ALL),
                                Models.biased(full, Biases.ALL))),
                Arguments.of("Qwen3's norms", true, List.of(scaled(NormScope.HEAD), scaled(NormScope.HEAD))),
                Arguments.of("norms of whole tokens", false, List.of(scaled(NormScope.TOKEN))),
                Arguments.of(
                        "Qwen3's norms, hybrid",
                        true,
                        List.of(
                                scaled(NormScope.HEAD),
                                new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE, Biases.NONE, norm(NormScope.HEAD)))),
                Arguments.of(
                        "SmolLM3's rotation",
                        true,
                        List.of(
                                Models.mla(0, 7, false, false, Models.YARN),
                                Models.mla(0, 7, false, false, RopeScaling.UNROTATED))),
                Arguments.of(
                        "SmolLM3's rotation, hybrid, wider ropes than where nothing turns",
                        true,
                        List.of(
                                Models.gqa(4, 6, RopeScaling.UNROTATED),
                                new AttentionConfig.Mla(4, 0, 9, 3, 2, 5, false, false, RopeScaling.UNROTATED, 0.4),
                                full,
                                Models.mla(0, 7, false, true, picked))),
                Arguments.of(
                        "no rotation, keys and values of low rank",
                        true,
                        List.of(new AttentionConfig.LowRankGqa(
                                new AttentionConfig.Gqa(4, 2, 6, RopeScaling.UNROTATED), 5, 3))),
                Arguments.of("keys and values of one rank", true, Collections.nCopies(2, lowRank(Biases.NONE, 5, 5))),
                Arguments.of(
                        "keys and values of many ranks, hybrid",
                        false,
                        List.of(
                                lowRank(Biases.INPUTS, 5, 3),
                                new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE, Biases.INPUTS),
                                lowRank(Biases.INPUTS, 1, 12),
                                Models.biased(Models.mla(9, 7, true, false, Models.YARN), Biases.INPUTS),
                                Models.biased(Models.mla(0, 3, false, false, Models.YARN), Biases.INPUTS))),
                Arguments.of("picked planes", false, List.of(Models.mla(0, 7, false, false, picked))),
                Arguments.of(
                        "other picked planes in every layer, hybrid",
                        false,
                        List.of(
                                Models.mla(0, 7, false, true, picked),
                                full,
                                Models.mla(9, 11, true, false, new RopeScaling.Explicit(List.of(0.5, 0.1, 0.01))))),
                Arguments.of(
                        "as many planes as every layer wants",
                        false,
                        List.of(
                                Models.mla(0, 7, false, true, picked),
                                withRope(Models.mla(0, 5, false, true, picked), List.of(1.0, 0.5)))),
                Arguments.of(
                        "hybrid, ranks and norms by layer",
                        true,
                        List.of(
                                full,
                                Models.mla(0, 7, false, true, Models.YARN),
                                Models.mla(9, 11, true, false, Models.YARN),
                                full)));
    }

    private static AttentionConfig withRope(AttentionConfig like, List<Double> frequencies) {
        AttentionConfig.Mla layer = (AttentionConfig.Mla) like;
        return new AttentionConfig.Mla(
                layer.numHeads(),
                layer.qLoraRank(),
                layer.kvLoraRank(),
                layer.qkNopeHeadDim(),
                2 * frequencies.size(),
                layer.vHeadDim(),
                layer.qNorm(),
                layer.kvNorm(),
                new RopeScaling.Explicit(frequencies),
                AttentionConfig.softmaxScale(layer.qkNopeHeadDim() + 2 * frequencies.size()));
    }

    private static AttentionConfig lowRank(Biases biases, int keyRank, int valueRank) {
        return new AttentionConfig.LowRankGqa(
                new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE, biases), keyRank, valueRank);
    }

    private static AttentionConfig.HeadNorm norm(NormScope scope) {
        return new AttentionConfig.HeadNorm(scope, 1e-5);
    }

    private static AttentionConfig scaled(NormScope scope) {
        AttentionConfig.KeyScales scales = new AttentionConfig.KeyScales(2, norm(scope));
        return new AttentionConfig.Mla(4, 0, 7, 3, 6, 5, false, false, RopeScaling.NONE, 0.375, Biases.NONE, scales);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    void everyFormComesBack(String name, boolean tied, List<AttentionConfig> attention, @TempDir Path temporary) {
        ModelConfig model = Models.of(tied, attention);
        RoundTrip.check(new XecomlaWriter(), model, DataFiles.path(temporary + "/plain"));
        if (attention.get(0).biases() != Biases.INPUTS) {
            RoundTrip.check(new XecomlaWriter(), Models.withMlpBias(model), DataFiles.path(temporary + "/mlp"));
        }
    }

    @Test
    void layersThatDifferInMoreThanRanksAreRefused() {
        ModelConfig model = Models.of(
                false,
                List.of(Models.mla(0, 7, false, false, RopeScaling.NONE), Models.mla(0, 7, false, false, Models.YARN)));
        ConfigException refusal = assertThrows(ConfigException.class, () -> XecomlaWriter.text(model, Dtype.F32));
        assertTrue(
                refusal.getMessage().contains("differ in more than their ranks and listed frequencies"),
                refusal.getMessage());
    }
}
