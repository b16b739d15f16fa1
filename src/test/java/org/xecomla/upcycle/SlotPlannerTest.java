package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.upcycle.slots.RopeSlot;
import org.xecomla.upcycle.slots.SlotCandidates;

/** The search for slots on a small random base, from a plan to a student. */
class SlotPlannerTest {
    private static final RandomBase BASE = RandomBase.of(4, 2, 8, RopeScaling.NONE, 3, 21);

    /** A quarter of the base's 2 * 2 * 8 elements a layer. */
    private static final int ELEMENTS = 8;

    private static UpcyclePlan plan(String... settings) {
        Map<String, String> all =
                new HashMap<>(Map.of("upcycle.method", "phased", "upcycle.calibration-tokens", "128"));
        for (String setting : settings) {
            all.put(
                    "upcycle." + setting.substring(0, setting.indexOf('=')),
                    setting.substring(setting.indexOf('=') + 1));
        }
        return UpcyclePlan.of(RunConfig.ofOverrides(all).upcycle(), BASE.config());
    }

    private static List<TokenSequence> text(int length) {
        Random random = new Random(4);
        return IntStream.range(0, 8)
                .mapToObj(w -> TokenSequence.of(
                        random.ints(length, 0, BASE.config().vocabSize()).toArray()))
                .toList();
    }

    private record Planned(UpcyclePlan plan, Student student) {}

    private static Planned planned(UpcyclePlan plan, int length) {
        List<TokenSequence> windows = plan.windows(text(length));
        try (Kernels kernels = new CpuKernels(1);
                Student base = Goldens.student(BASE, List.of(), ElementType.FLOAT);
                CausalLm model = new CausalLm(
                        BASE.config(),
                        base.weights(),
                        null,
                        kernels,
                        windows.get(0).ids().length)) {
            Calibration seen = Calibration.keepingWindows(model, windows, plan.latentLayers(), SlotChoice.LAST_WINDOWS);
            UpcyclePlan found = SlotPlanner.planned(BASE, plan, seen, kernels);
            return new Planned(found, StudentInitializer.initialise(BASE, found, seen, ElementType.FLOAT));
        }
    }

    @Test
    void servableSlotsAreOneChoiceThatARopeThetaGives() {
        Planned made = planned(plan(), 32);
        try (Student student = made.student()) {
            for (LayerPlan layer : made.plan().layers()) {
                assertEquals(
                        made.plan().layers().get(0).phased().slots(),
                        layer.phased().slots());
            }
            for (AttentionConfig layer : student.config().attention()) {
                assertEquals(ELEMENTS, layer.kvElementsPerToken());
                assertEquals(RopeScaling.NONE, layer.ropeScaling());
            }
            assertTrue(
                    made.plan().notes().get(0).contains("windows of 32 tokens (a quarter of"),
                    made.plan().notes() + "");
        }
    }

    @Test
    void ownSlotsHaveFrequenciesOfTheirOwnAtTheSameSize() {
        Planned made = planned(plan("rope-slots=own"), 32);
        try (Student student = made.student()) {
            for (AttentionConfig layer : student.config().attention()) {
                assertEquals(ELEMENTS, layer.kvElementsPerToken());
                assertInstanceOf(RopeScaling.Explicit.class, layer.ropeScaling());
            }
        }
    }

    /** Three planes of the base's four too, which no folding could make. */
    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void aRopeKeyOfGivenWidthIsKept(int width) {
        Planned made = planned(plan("qk-rope-head-dim=" + width), 32);
        try (Student student = made.student()) {
            student.config().attention().forEach(layer -> assertEquals(width, layer.ropeDim()));
        }
    }

    /** Sequences of 24 do not join to 32: what is said is what was searched on. */
    @Test
    void windowsAreSaidAsLongAsTheyWere() {
        Planned made = planned(plan(), 24);
        try (Student student = made.student()) {
            assertEquals(3, student.config().numLayers());
            assertTrue(
                    made.plan().notes().get(0).contains("windows of 24 tokens (32 asked for: "),
                    made.plan().notes() + "");
        }
    }

    /** The chosen candidate of every layer has the least error of all that were judged last. */
    @Test
    void theLeastErrorWins() {
        List<List<RopeSlot>> slots = new SlotCandidates(List.of(1.0, 0.1, 0.01, 0.001), ELEMENTS).own();
        assertTrue(slots.size() > 50, slots.size() + " candidates");
        List<RopeSlot> best = slots.get(17);
        SlotChoice choice = new SlotChoice(
                (candidates, numWindows) -> candidates.stream()
                        .map(layer -> layer.stream()
                                .map(c -> (c.slots().equals(best) ? 0 : 1) + Math.abs(c.keyWeight() - 0.7))
                                .toList())
                        .toList(),
                2);
        List<SlotChoice.Chosen> chosen = new ArrayList<>(choice.own(slots));
        chosen.addAll(choice.shared(slots));
        assertEquals(4, chosen.size());
        for (SlotChoice.Chosen layer : chosen) {
            assertEquals(best, layer.plan().slots());
            assertEquals(0.7, layer.plan().keyWeight());
            assertTrue(layer.plan().balanced());
        }
    }
}
