package org.xecomla.tensor;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** Every operation of libtorch's kernels against the naive ones, and its backward against central differences. */
@Tag("torch")
class TorchKernelsTest {
    @BeforeAll
    static void onTorch() {
        assertTrue(TestedKernels.areTorch(), "these tests are for -Ptorch, which sets -Dtest.kernels=torch");
    }

    @Nested
    class Linear extends LinearKernelsTest {}

    @Nested
    class Norms extends NormKernelsTest {}

    @Nested
    class Attentions extends AttentionKernelsTest {}

    @Nested
    class Gradients extends KernelGradientsTest {}
}
