package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.AttentionConfig.NormScope;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.linalg.Matrix;
import org.xecomla.tensor.ElementType;

/** Keys and values through a latent each: what factors promise, and what is refused. */
class LowRankStartTest {
    private static final AttentionConfig.HeadNorm NORM = new AttentionConfig.HeadNorm(NormScope.HEAD, 1e-5);

    private static RandomBase base(Biases biases, AttentionConfig.HeadNorm norm) {
        return RandomBase.of(new AttentionConfig.Gqa(4, 2, 8, RopeScaling.NONE, biases, norm), 3, 7);
    }

    private static UpcyclePlan plan(RandomBase base, String... settings) {
        Map<String, String> overrides = new HashMap<>(Map.of("upcycle.method", "lowrank"));
        for (String setting : settings) {
            int at = setting.indexOf('=');
            overrides.put("upcycle." + setting.substring(0, at), setting.substring(at + 1));
        }
        return UpcyclePlan.of(RunConfig.ofOverrides(overrides).upcycle(), base.config());
    }

    private static Calibration calibration(RandomBase base) {
        Random random = new Random(9);
        List<int[]> windows = IntStream.range(0, 8)
                .mapToObj(w -> random.ints(24, 0, base.config().vocabSize()).toArray())
                .toList();
        return Goldens.calibration(base, windows);
    }

    private static double distance(RandomBase base, Student student) {
        int[] ids = new Random(1).ints(24, 0, base.config().vocabSize()).toArray();
        try (Student same = Goldens.student(base, List.of())) {
            return Goldens.difference(Goldens.logits(student, ids, 1), Goldens.logits(same, ids, 1));
        }
    }

    private static Student student(RandomBase base, String... settings) {
        UpcyclePlan plan = plan(base, settings);
        return StudentInitializer.initialise(
                base, plan, plan.needsCalibration() ? calibration(base) : null, ElementType.DOUBLE);
    }

    @ParameterizedTest
    @CsvSource({"weight, code", "covariance, code", "covariance, paper", "covariance, none"})
    void fullRankIsTheBase(String factors, String shrinkage) {
        for (Biases biases : Biases.values()) {
            for (AttentionConfig.HeadNorm norm : new AttentionConfig.HeadNorm[] {null, NORM}) {
                RandomBase base = base(biases, norm);
                try (Student student = student(base, "kv-budget=1", "factors=" + factors, "shrinkage=" + shrinkage)) {
                    assertEquals(0, distance(base, student), 1e-11);
                    assertEquals(
                            base.config().kvElementsPerToken(), student.config().kvElementsPerToken());
                }
            }
        }
    }

    @Test
    void moreRankIsNearer() {
        RandomBase base = base(Biases.INPUTS, NORM);
        try (Student little = student(base, "kv-budget=0.25");
                Student much = student(base, "kv-budget=0.75")) {
            assertTrue(distance(base, much) < 0.8 * distance(base, little));
        }
    }

    /** What is cut is what outputs are off by, and no factors of this rank are nearer over the text. */
    @Test
    void factorsByCovarianceLoseTheEnergyThatIsCut() {
        RandomBase base = base(Biases.NONE, null);
        Calibration seen = calibration(base);
        LayerPlan plan = plan(base, "kv-budget=0.5", "shrinkage=none").layers().get(1);
        Matrix moment = seen.layer(1).secondMoment(); // (D, D)
        Matrix weight = base.attention(1).key(); // (K*E, D)
        Matrix made = product(StudentInitializer.layer(base, plan, seen.layer(1)));
        double lost = lost(weight, made, moment);
        double[] energies = StudentInitializer.spectrum(base, plan, seen.layer(1))
                .energies()
                .get(0);
        double cut = IntStream.range(8, 16).mapToDouble(i -> energies[i]).sum();
        assertEquals(cut, lost, 1e-9 * cut);
        LayerPlan plain = plan(base, "kv-budget=0.5", "factors=weight").layers().get(1);
        Matrix bySvd = product(StudentInitializer.layer(base, plain, null));
        assertTrue(lost < 0.99 * lost(weight, bySvd, moment));
    }

    private static Matrix product(UpcycledLayer layer) {
        String prefix = ParameterNames.layer(1);
        return layer.tensors()
                .get(prefix + ParameterNames.K_B_PROJ)
                .times(layer.tensors().get(prefix + ParameterNames.K_A_PROJ)); // (K*E, D)
    }

    private static double lost(Matrix weight, Matrix made, Matrix moment) {
        Matrix off = weight.minus(made); // (K*E, D)
        return off.times(moment).timesTranspose(off).trace();
    }

    @Test
    void theBudgetIsWhatIsCached() {
        RandomBase base = base(Biases.NONE, null);
        assertEquals(List.of(4, 4), ranks(plan(base, "kv-budget=0.25"), base));
        assertEquals(List.of(4, 5), ranks(plan(base, "kv-budget=0.28"), base));
        for (String policy : List.of("lorc", "care")) {
            try (Student student = student(base, "factors=weight", "kv-budget=0.4", "rank-policy=" + policy)) {
                assertEquals(38, student.config().kvElementsPerToken()); // of 96
            }
        }
    }

    private static List<Integer> ranks(UpcyclePlan plan, RandomBase base) {
        AttentionConfig.LowRankGqa layer = (AttentionConfig.LowRankGqa)
                plan.student(base.config()).attention().get(0);
        return List.of(layer.keyRank(), layer.valueRank());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kv-lora-rank=8",
                "q-lora-rank=8",
                "q-lora-rank=auto",
                "kv-energy=0.9",
                "q-energy=0.9",
                "qk-rope-head-dim=4",
                "qk-nope-head-dim=8",
                "rope-rows=fold",
                "kv-norm=true",
                "factors=weighted"
            })
    void whatTheMethodHasNotIsRefused(String setting) {
        ConfigException refused = assertThrows(ConfigException.class, () -> plan(base(Biases.NONE, null), setting));
        String key = "upcycle." + setting.substring(0, setting.indexOf('='));
        assertTrue(
                refused.getMessage().startsWith(key + " does not go with upcycle.method = lowrank: "),
                refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "aligned, factors=covariance, does not go with upcycle.method = aligned",
        "aligned, factors=weight, does not go with upcycle.method = aligned",
        "xecomla, factors=gradient, does not go with upcycle.method = xecomla",
        "phased, rank-policy=gradient, does not go with upcycle.method = phased",
        "phased, factors=weighted, does not go with upcycle.method = phased",
        "xecomla, rank-policy=care, does not go with upcycle.method = xecomla",
        "aligned, rank-policy=gradient factors=weighted, upcycle.factors = gradient alone knows",
        "lowrank, rank-policy=gradient factors=covariance, upcycle.factors = gradient alone knows",
        "lowrank, gradient-tokens=64, is of upcycle.factors = gradient",
        "aligned, rank-policy=gradient gradient-tokens=9000, is more than upcycle.calibration-tokens = 8192",
        "aligned, rank-policy=care kv-energy=0.9, both decide ranks"
    })
    void whatDoesNotGoTogetherIsRefused(String method, String settings, String why) {
        RandomBase base = base(Biases.NONE, null);
        ConfigException refused =
                assertThrows(ConfigException.class, () -> plan(base, ("method=" + method + " " + settings).split(" ")));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }

    @Test
    void aBudgetBelowTheLeastRankIsRefused() {
        ConfigException refused = assertThrows(
                ConfigException.class,
                () -> plan(base(Biases.NONE, null), "kv-budget=0.1", "rank-policy=care", "rank-least=2"));
        assertTrue(refused.getMessage().contains("upcycle.rank-least = 2"), refused.getMessage());
    }

    @Test
    void factorsByCovarianceNeedText() {
        UpcyclePlan plan = plan(base(Biases.NONE, null));
        ConfigException refused = assertThrows(ConfigException.class, () -> plan.requireCalibration(false));
        assertTrue(refused.getMessage().contains("set upcycle.factors = weight"), refused.getMessage());
        plan(base(Biases.NONE, null), "factors=weight").requireCalibration(false);
    }
}
