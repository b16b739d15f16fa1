package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;

class ConversionPromiseTest {
    private static final ModelDirectory BASE = ModelDirectory.open(Goldens.path("llama-gqa-tied"));

    private static ConversionPromise.Asked asked(String name, String method, String budget) {
        Map<String, String> settings = Map.of("upcycle.method", method, "upcycle.kv-budget", budget);
        return new ConversionPromise.Asked(
                name, UpcyclePlan.of(RunConfig.ofOverrides(settings).upcycle(), BASE.config()));
    }

    private static ConversionPromise promise(ConversionPromise.Asked... asked) {
        Random random = new Random(4);
        List<TokenSequence> text = IntStream.range(0, 4)
                .mapToObj(w -> TokenSequence.of(random.ints(64, 0, 101).toArray()))
                .toList();
        try (Kernels kernels = new CpuKernels(1)) {
            return ConversionPromise.of(BASE, text, List.of(asked), kernels);
        }
    }

    /** An inequality, whatever the weights: real weights are complex ones. */
    @Test
    void complexMixingKeepsNoLessOfAnyPlane() {
        List<ConversionPromise.Plane> planes = promise().planes();
        assertEquals(2 * 4, planes.size());
        for (ConversionPromise.Plane plane : planes) {
            assertTrue(plane.complex() >= plane.real() - 1e-12 && plane.complex() <= 1 + 1e-12, plane::toString);
            assertTrue(plane.real() >= 0.5 - 1e-12, plane + ": of two heads the larger alone is half");
        }
        assertTrue(planes.stream().anyMatch(plane -> plane.complex() > plane.real() + 0.01), planes::toString);
    }

    @Test
    void conversionsAreSortedByWhatTheirLayersLose() {
        ConversionPromise found = promise(
                asked("small", "phased", "0.25"),
                asked("large", "phased", "0.75"),
                asked("official", "xecomla", "0.5"));
        List<ConversionPromise.Prediction> predictions = found.predictions();
        assertEquals("large", predictions.get(0).name());
        assertEquals(
                List.of(0.75, 0.25, 0.5),
                List.of("large", "small", "official").stream()
                        .map(name -> predictions.stream()
                                .filter(one -> one.name().equals(name))
                                .findFirst()
                                .orElseThrow()
                                .share())
                        .toList());
        for (int i = 1; i < predictions.size(); i++) {
            assertTrue(predictions.get(i).error() >= predictions.get(i - 1).error(), predictions::toString);
        }
        assertTrue(found.lines().stream().anyMatch(line -> line.contains("large") && line.contains("75.0 %")));
    }
}
