package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.xecomla.tensor.TestedKernels;

/** Layers and models on libtorch's kernels: golden files, central differences, decoding. */
@Tag("torch")
class TorchModelsTest {
    @BeforeAll
    static void onTorch() {
        assertTrue(TestedKernels.areTorch(), "these tests are for -Ptorch, which sets -Dtest.kernels=torch");
    }

    @Nested
    class Goldens extends GoldenModelTest {}

    @Nested
    class LowRankGoldens extends LowRankGoldenTest {}

    @Nested
    class LayerGradients extends LayerGradientTest {}

    @Nested
    class Decoding extends DecoderTest {}

    @Nested
    class Stories extends Stories260kTest {}
}
