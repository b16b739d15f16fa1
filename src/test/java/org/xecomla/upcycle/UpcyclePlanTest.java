package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.config.RunConfig;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.upcycle.base.RankPolicy;

class UpcyclePlanTest {
    private static final RopeScaling LLAMA32 = new RopeScaling.Llama3(32, 1, 4, 8192);
    private static final ModelConfig LLAMA32_1B = model(2048, 32, 8, 64, LLAMA32, 16);

    private static ModelConfig model(int d, int heads, int kvHeads, int headDim, RopeScaling scaling, int layers) {
        AttentionConfig attention = new AttentionConfig.Gqa(heads, kvHeads, headDim, scaling);
        return new ModelConfig(
                d, 4 * d, 128256, 131072, 1e-5, 500000, true, 1, 2, Collections.nCopies(layers, attention));
    }

    /** Resolved settings; each argument is {@code key=value}, without the section. */
    private static UpcycleConfig settings(String... settings) {
        Map<String, String> overrides = new HashMap<>();
        for (String setting : settings) {
            int at = setting.indexOf('=');
            overrides.put("upcycle." + setting.substring(0, at), setting.substring(at + 1));
        }
        return RunConfig.ofOverrides(overrides).upcycle();
    }

    private static LayerPlan first(ModelConfig base, String... settings) {
        return UpcyclePlan.of(settings(settings), base).layers().get(0);
    }

    private static int rank(RankPolicy policy) {
        return ((RankPolicy.Fixed) policy).rank();
    }

    @Test
    void servingDefaultsToAQuarterOfTheBasesElements() {
        LayerPlan plan = first(LLAMA32_1B);
        assertEquals(UpcycleConfig.Method.ALIGNED, plan.method());
        assertEquals(64, plan.qkRopeHeadDim());
        assertEquals(64, plan.qkNopeHeadDim());
        assertEquals(192, rank(plan.kvRank()));
        assertNull(plan.queryRank());
        assertFalse(plan.kvNorm());
        assertEquals(RopeRows.FOLD, plan.ropeRows());
        assertTrue(plan.ropeScaling() instanceof RopeScaling.Yarn);
    }

    @Test
    void paperDefaultsToHalfOfTheHeadForTheRopeAndParityOfParameters() {
        LayerPlan plan = first(LLAMA32_1B, "profile=paper", "kv-lora-rank=512");
        assertEquals(UpcycleConfig.Method.XECOMLA, plan.method());
        assertEquals(32, plan.qkRopeHeadDim());
        assertEquals(32, plan.qkNopeHeadDim());
        assertEquals(864, rank(plan.queryRank()));
        assertFalse(plan.kvNorm());
        assertEquals(RopeRows.LAST, plan.ropeRows());
        assertEquals(new RopeScaling.Yarn(32, 8192, 32, 1, 1, 0), plan.ropeScaling());
        assertEquals(224, rank(first(LLAMA32_1B, "profile=paper").kvRank()));
    }

    /** The paper's query ranks of Llama 3.2 1B; its 1440 at rank 48 is not the rule's 1456. */
    @ParameterizedTest
    @CsvSource({
        "512,32,864",
        "256,32,1184",
        "128,32,1344",
        "64,32,1424",
        "48,32,1456",
        "512,64,480",
        "256,64,736",
        "128,64,864"
    })
    void queryRanksAreJustBelowParity(int kvRank, int rope, int queryRank) {
        LayerPlan plan = first(
                LLAMA32_1B,
                "profile=paper",
                "kv-lora-rank=" + kvRank,
                "qk-rope-head-dim=" + rope,
                "qk-nope-head-dim=" + rope);
        assertEquals(queryRank, rank(plan.queryRank()));
    }

    /** Heads, key heads, head dimension: rope and rank of aligned, then of X-EcoMLA, together a quarter. */
    @ParameterizedTest
    @CsvSource({
        "8,4,8,8,8,4,12",
        "6,2,8,4,4,4,4",
        "8,1,8,2,2,2,2",
        "32,32,64,64,960,32,992",
        "4,2,16,8,8,8,8",
        "9,3,64,32,64,32,64"
    })
    void smallBasesStillLeaveRoomForALatent(
            int heads, int kvHeads, int headDim, int rope, int rank, int paperRope, int paperRank) {
        ModelConfig base = model(heads * headDim, heads, kvHeads, headDim, RopeScaling.NONE, 2);
        LayerPlan plan = first(base);
        assertEquals(List.of(rope, rank), List.of(plan.qkRopeHeadDim(), rank(plan.kvRank())));
        plan = first(base, "profile=paper");
        assertEquals(List.of(paperRope, paperRank), List.of(plan.qkRopeHeadDim(), rank(plan.kvRank())));
        assertEquals(RopeScaling.NONE, plan.ropeScaling());
    }

    @Test
    void energyLeavesFirstAndLastLayerFixed() {
        UpcyclePlan plan = UpcyclePlan.of(
                settings("profile=paper", "kv-lora-rank=512", "kv-energy=0.95", "q-energy=0.9"), LLAMA32_1B);
        assertEquals(512, rank(plan.layers().get(0).kvRank()));
        assertEquals(864, rank(plan.layers().get(15).queryRank()));
        RankPolicy expected = new RankPolicy.Energy(0.95, UpcycleConfig.EnergyRounding.CODE);
        assertEquals(expected, plan.layers().get(1).kvRank());
        plan = UpcyclePlan.of(
                settings("profile=paper", "kv-energy=0.95", "energy-rounding=paper", "fixed-first-last=false"),
                LLAMA32_1B);
        expected = new RankPolicy.Energy(0.95, UpcycleConfig.EnergyRounding.PAPER);
        assertEquals(expected, plan.layers().get(0).kvRank());
    }

    @Test
    void onlyTheNamedLayersBecomeLatent() {
        UpcyclePlan plan = UpcyclePlan.of(settings("layers=[1, 3, 5]"), LLAMA32_1B);
        assertEquals(List.of(1, 3, 5), plan.latentLayers());
        assertEquals(16, UpcyclePlan.of(settings(), LLAMA32_1B).layers().size());
    }

    /**
     * Step 6 of the aligned start: what is servable and near, and less far than the betas that Llama's own factors
     * suggest.
     */
    @Test
    void servableFrequenciesAreNearTheBases() {
        LayerPlan plan = first(LLAMA32_1B);
        RopeScaling.Yarn yarn = (RopeScaling.Yarn) plan.ropeScaling();
        assertEquals(4096, yarn.originalMaxPositionEmbeddings());
        assertEquals(32, yarn.factor());
        double found = distance(yarn);
        assertTrue(found < distance(new RopeScaling.Yarn(32, 8192, 4, 1, 1, 0)), "the guess");
        assertTrue(found < distance(new RopeScaling.Yarn(32, 8192, 32, 1, 1, 0)), "X-EcoMLA's");
        assertTrue(yarn.betaFast() >= yarn.betaSlow());
        UpcyclePlan whole = UpcyclePlan.of(settings(), LLAMA32_1B);
        assertEquals(1, whole.notes().size());
        assertTrue(whole.notes().get(0).startsWith("rope: yarn scaling instead of the base's llama3 scaling"));
        assertEquals(
                List.of(), UpcyclePlan.of(settings("method=phased"), LLAMA32_1B).notes(), "its slots are its rope");
        assertEquals(LLAMA32, first(LLAMA32_1B, "rope-scaling=base").ropeScaling());
        assertEquals(RopeScaling.NONE, first(LLAMA32_1B, "rope-scaling=none").ropeScaling());
    }

    /** Farther than with free betas, which is 0.129 as a root mean square. */
    @Test
    void llamaCppsYarnHasItsBetas() {
        UpcyclePlan plan = UpcyclePlan.of(settings("preset=llama-cpp"), LLAMA32_1B);
        RopeScaling.Yarn yarn = (RopeScaling.Yarn) plan.layers().get(0).ropeScaling();
        assertEquals(32, yarn.betaFast());
        assertEquals(1, yarn.betaSlow());
        assertEquals(0.173, Math.sqrt(distance(yarn) / 32), 1e-3);
        assertEquals(distance(new RopeScaling.Yarn(32, 8192, 32, 1, 1, 0)), distance(yarn), 1e-12, "none is nearer");
        assertEquals(128, rank(plan.layers().get(0).kvRank()));
        assertEquals(64, plan.layers().get(0).qkRopeHeadDim());
        assertTrue(plan.notes().get(0).startsWith("preset llama-cpp: a latent of 128"), plan.notes() + "");
        assertEquals(
                yarn,
                first(
                                LLAMA32_1B,
                                "rope-scaling=fixed-yarn",
                                "method=xecomla",
                                "qk-rope-head-dim=64",
                                "qk-nope-head-dim=64",
                                "kv-lora-rank=128")
                        .ropeScaling());
    }

    private static double distance(RopeScaling scaling) {
        List<Double> own = RopeFrequencies.of(64, 500000, LLAMA32).inverse();
        List<Double> made = RopeFrequencies.of(64, 500000, scaling).inverse();
        double sum = 0;
        for (int j = 0; j < own.size(); j++) {
            sum += Math.pow(made.get(j) / own.get(j) - 1, 2);
        }
        return sum;
    }

    @Test
    void linearlyScaledBasesAreServedByTheNearestYarn() {
        ModelConfig base = model(64, 8, 4, 8, new RopeScaling.Linear(4), 2);
        RopeScaling.Yarn yarn = (RopeScaling.Yarn) first(base).ropeScaling();
        List<Double> made = RopeFrequencies.of(8, 500000, yarn).inverse();
        List<Double> own =
                RopeFrequencies.of(8, 500000, new RopeScaling.Linear(4)).inverse();
        assertEquals(own.subList(1, 4), made.subList(1, 4));
        assertEquals(new RopeScaling.Linear(4), first(base, "profile=paper").ropeScaling());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "kv-lora-rank=1025 | upcycle.kv-lora-rank = 1025 is above the possible: keys and values of the base "
                        + "have rank 1024 at most",
                "q-lora-rank=2049 | upcycle.q-lora-rank = 2049 is above the possible: queries of the base have rank "
                        + "2048 at most",
                "qk-rope-head-dim=48 | upcycle.qk-rope-head-dim = 48 does not divide the base's head dimension 64, "
                        + "which rope-rows fold asks for",
                "qk-rope-head-dim=128 | upcycle.qk-rope-head-dim = 128 is more than the base's head dimension 64: "
                        + "use at most that",
                "qk-nope-head-dim=32 | upcycle.qk-nope-head-dim = 32 does not go with method aligned, which keeps "
                        + "the base's 64: leave it out",
                "layers=[3, 16] | upcycle.layers names layer 16, but the base has layers 0 to 15",
                "layers=[] | upcycle.layers = [] makes no layer latent: name some, or set it to all",
                "rope-rows=last | upcycle.rope-rows = last is not for method aligned: use fold or strongest",
            })
    void whatDoesNotFitTheBaseIsOneLine(String setting, String message) {
        ConfigException e = assertThrows(ConfigException.class, () -> UpcyclePlan.of(settings(setting), LLAMA32_1B));
        assertEquals(message, e.getMessage());
    }

    @Test
    void rulesOfXEcoMlaAreOneLineToo() {
        assertMessage(
                "upcycle.qk-nope-head-dim = 65 is more than the base's head dimension 64: use at most that",
                "profile=paper",
                "qk-nope-head-dim=65");
        assertMessage(
                "upcycle.rope-rows = fold is not for method xecomla: use last or stride",
                "profile=paper",
                "rope-rows=fold");
        assertMessage(
                "upcycle.qk-rope-head-dim = 48 does not divide the base's head dimension 64, which rope-rows stride "
                        + "asks"
                        + " for",
                "profile=paper",
                "rope-rows=stride",
                "qk-rope-head-dim=48");
    }

    private static void assertMessage(String message, String... settings) {
        ConfigException e = assertThrows(ConfigException.class, () -> UpcyclePlan.of(settings(settings), LLAMA32_1B));
        assertEquals(message, e.getMessage());
    }

    @Test
    void aRopeThatFillsTheBudgetAsksForARank() {
        ModelConfig base = model(48, 6, 2, 8, RopeScaling.NONE, 1);
        UpcycleConfig config = settings("qk-rope-head-dim=8");
        ConfigException e = assertThrows(ConfigException.class, () -> UpcyclePlan.of(config, base));
        assertEquals(
                "upcycle.qk-rope-head-dim = 8 leaves no room for a latent in upcycle.kv-budget = 0.25 of the base's"
                        + " 32 KV elements: lower the one or raise the other",
                e.getMessage());
        assertEquals(8, first(base, "kv-lora-rank=8").qkRopeHeadDim());
    }

    /** Of 2 * 4 * 16 = 128 elements: latent and rope key together are the share, the rope key at most half of it. */
    @ParameterizedTest
    @CsvSource({
        "aligned, 0.5, 48, 16",
        "aligned, 0.25, 16, 16",
        "aligned, 0.156, 12, 8",
        "aligned, 0.094, 8, 4",
        "xecomla, 0.5, 56, 8",
        "xecomla, 0.25, 24, 8",
        "xecomla, 0.156, 12, 8",
        "xecomla, 0.094, 8, 4"
    })
    void aBudgetIsShared(String method, String budget, int rank, int ropeDim) {
        ModelConfig base = model(128, 8, 4, 16, RopeScaling.NONE, 1);
        LayerPlan plan = first(base, "method=" + method, "kv-budget=" + budget);
        assertEquals(new RankPolicy.Fixed(rank), plan.kvRank());
        assertEquals(ropeDim, plan.qkRopeHeadDim());
    }

    @Test
    void calibrationIsAskedForWhereItIsNeeded() {
        UpcyclePlan aligned = UpcyclePlan.of(settings("kv-norm=false"), LLAMA32_1B);
        ConfigException e = assertThrows(ConfigException.class, () -> aligned.requireCalibration(false));
        assertEquals(
                "upcycle.method = aligned needs calibration text: give --calibration FILE.jsonl or corpus.train, or set"
                        + " upcycle.method = xecomla and upcycle.kv-norm = false",
                e.getMessage());
        aligned.requireCalibration(true);
        UpcyclePlan norm = UpcyclePlan.of(settings("profile=paper", "kv-norm=true"), LLAMA32_1B);
        e = assertThrows(ConfigException.class, () -> norm.requireCalibration(false));
        assertEquals(
                "upcycle.kv-norm = true needs calibration text: give --calibration FILE.jsonl or corpus.train, or set"
                        + " upcycle.kv-norm = false",
                e.getMessage());
        UpcyclePlan.of(settings("profile=paper"), LLAMA32_1B).requireCalibration(false);
        assertEquals(32, UpcyclePlan.of(settings(), LLAMA32_1B).numCalibrationWindows(256));
        assertEquals(
                1, UpcyclePlan.of(settings("calibration-tokens=1"), LLAMA32_1B).numCalibrationWindows(256));
    }

    @Test
    void aLatentLayerIsNotMadeLatentAgain() {
        List<AttentionConfig> layers = new ArrayList<>(LLAMA32_1B.attention());
        layers.set(2, new AttentionConfig.Mla(32, 0, 192, 64, 64, 64, false, true, RopeScaling.NONE, 0.1));
        ModelConfig hybrid = LLAMA32_1B.withAttention(layers);
        ConfigException e = assertThrows(ConfigException.class, () -> UpcyclePlan.of(settings(), hybrid));
        assertEquals("layer 2 of the base is latent attention already: leave it out of upcycle.layers", e.getMessage());
        layers.set(0, layers.get(2));
        ModelConfig latentFirst = LLAMA32_1B.withAttention(layers);
        ConfigException preset =
                assertThrows(ConfigException.class, () -> UpcyclePlan.of(settings("preset=vllm"), latentFirst));
        assertTrue(preset.getMessage().startsWith("layer 0 of the base is latent"), preset.getMessage());
        assertEquals(
                256,
                rank(UpcyclePlan.of(settings("preset=vllm", "layers=[1, 3]"), latentFirst)
                        .layers()
                        .get(0)
                        .kvRank()));
        assertEquals(1, UpcyclePlan.of(settings("layers=[0]"), hybrid).layers().size());
    }
}
