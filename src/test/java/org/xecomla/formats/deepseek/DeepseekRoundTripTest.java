package org.xecomla.formats.deepseek;

import java.nio.file.Path;
import java.util.Collections;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.Models;
import org.xecomla.formats.RoundTrip;

class DeepseekRoundTripTest {
    private static AttentionConfig latent(int qRank, RopeScaling rope) {
        return new AttentionConfig.Mla(4, qRank, 7, 3, 6, 5, qRank > 0, true, rope, Math.pow(9, -0.5));
    }

    static Stream<AttentionConfig> forms() {
        return Stream.of(
                latent(0, RopeScaling.NONE),
                latent(9, RopeScaling.NONE),
                latent(0, Models.YARN),
                latent(0, new RopeScaling.Linear(4)));
    }

    /** Norms on all latents, an epsilon of 1e-6 and a head of its own need no rewriting. */
    @ParameterizedTest
    @MethodSource("forms")
    void everyFormComesBack(AttentionConfig layer, @TempDir Path temporary) {
        ModelConfig model = new ModelConfig(12, 20, 31, 512, 1e-6, 5e5, false, 1, -1, Collections.nCopies(2, layer));
        RoundTrip.check(new DeepseekWriter(), model, DataFiles.path(temporary.toString()));
    }
}
