package org.xecomla.nn.loss;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.xecomla.tensor.TestedKernels;

/** Losses on libtorch's kernels. */
@Tag("torch")
class TorchLossesTest {
    @BeforeAll
    static void onTorch() {
        assertTrue(TestedKernels.areTorch(), "these tests are for -Ptorch, which sets -Dtest.kernels=torch");
    }

    @Nested
    class Goldens extends GoldenLossTest {}

    @Nested
    class Tokens extends TokenLossTest {}
}
