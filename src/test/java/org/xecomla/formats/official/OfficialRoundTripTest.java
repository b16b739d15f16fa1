package org.xecomla.formats.official;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.Models;
import org.xecomla.formats.RoundTrip;

class OfficialRoundTripTest {
    /** Heads that fill the hidden size of 12, low-rank queries, the softmax scale of the official code. */
    private static AttentionConfig latent(int qRank, int kvRank, boolean norms, RopeScaling rope) {
        return new AttentionConfig.Mla(4, qRank, kvRank, 3, 6, 3, norms, norms, rope, Math.pow(9, -0.5));
    }

    static Stream<List<AttentionConfig>> forms() {
        AttentionConfig full = Models.gqa(2, 4, Models.LLAMA3);
        return Stream.of(
                List.of(full, latent(9, 7, false, RopeScaling.NONE), latent(5, 11, false, RopeScaling.NONE)),
                List.of(latent(9, 7, true, Models.YARN), full),
                List.of(latent(9, 7, false, new RopeScaling.Linear(2)), full));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void everyFormComesBack(List<AttentionConfig> attention, @TempDir Path temporary) {
        RoundTrip.check(new OfficialWriter(), Models.of(true, attention), DataFiles.path(temporary.toString()));
    }

    @Test
    void namesAreInverse() {
        ModelConfig model = Models.of(
                false,
                List.of(
                        Models.gqa(2, 4, RopeScaling.NONE),
                        latent(9, 7, true, RopeScaling.NONE),
                        latent(0, 7, false, RopeScaling.NONE)));
        Set<String> stored = new HashSet<>();
        for (String parameter : ParameterShapes.of(model).keySet()) {
            String name = OfficialNames.stored(model, parameter);
            assertEquals(parameter, OfficialNames.parameter(name));
            assertTrue(stored.add(name), name);
        }
        assertTrue(stored.containsAll(
                Set.of("model.layers.0.self_attn.o_proj.weight", "model.layers.1.mla.out_proj.weight")));
    }
}
