package org.xecomla.nn;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.files.DataFiles;
import org.xecomla.tensor.Kernels;

/**
 * Logits, losses and every gradient of the golden models, which PyTorch computed in double. The worst errors are left
 * in {@code target/golden-errors.txt}.
 */
class GoldenModelTest {
    private static final Map<String, String> MEASURED = new TreeMap<>();

    static Stream<Arguments> modelsAndKernels() {
        return Goldens.models().stream()
                .flatMap(dir -> KernelChoice.all().stream().map(choice -> Arguments.of(dir.getName(), choice, dir)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("modelsAndKernels")
    void agreesWithPyTorch(String fixture, KernelChoice choice, Path dir) {
        try (Kernels kernels = choice.make()) {
            GoldenRun.Errors errors = GoldenRun.check(fixture + " " + choice, dir, kernels);
            MEASURED.put(fixture + " " + choice, errors.line());
        }
    }

    @AfterAll
    static void writeMeasured() {
        StringBuilder text = new StringBuilder();
        MEASURED.forEach(
                (what, line) -> text.append(what).append(": ").append(line).append('\n'));
        DataFiles.writeString(DataFiles.path("target/golden-errors.txt"), text.toString());
    }
}
