package org.xecomla.optim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.xecomla.tensor.TestedKernels;

/** The optimiser on libtorch's kernels. */
@Tag("torch")
class TorchAdamWTest {
    @BeforeAll
    static void onTorch() {
        assertTrue(TestedKernels.areTorch(), "these tests are for -Ptorch, which sets -Dtest.kernels=torch");
    }

    @Nested
    class Steps extends AdamWTest {}
}
