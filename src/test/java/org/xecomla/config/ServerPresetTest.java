package org.xecomla.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;

class ServerPresetTest {
    /** Of Llama 3.2 with 1B parameters: 1,024 elements, where it has 8 key heads. */
    private static ModelConfig base(int numKvHeads, int headDim) {
        AttentionConfig layer =
                new AttentionConfig.Gqa(32, numKvHeads, headDim, new RopeScaling.Llama3(32, 1, 4, 8192));
        return new ModelConfig(2048, 8192, 128, 131072, 1e-5, 5e5, true, 1, 2, Collections.nCopies(2, layer));
    }

    private static ServerPreset preset(String name, ModelConfig base, String... settings) {
        Map<String, String> overrides = new HashMap<>(Map.of("upcycle.preset", name));
        for (String setting : settings) {
            int at = setting.indexOf('=');
            overrides.put("upcycle." + setting.substring(0, at), setting.substring(at + 1));
        }
        return ServerPreset.of(RunConfig.ofOverrides(overrides).upcycle(), (AttentionConfig.Gqa)
                base.attention().get(0));
    }

    @ParameterizedTest
    @CsvSource({
        "llama-cpp, 0.25, 128, FIXED_YARN",
        "llama-cpp, 0.1, 128, FIXED_YARN",
        "llama-cpp, 0.32, 256, FIXED_YARN",
        "llama-cpp, 1, 512, FIXED_YARN",
        "vllm, 0.25, 256, YARN",
        "vllm, 0.6, 512, YARN",
        "sglang, 0.25, 512, YARN"
    })
    void choosesTheLargestShapeInTheBudgetOrTheSmallest(
            String name, double budget, int rank, UpcycleConfig.RopeChoice rope) {
        UpcycleConfig applied = preset(name, base(8, 64), "kv-budget=" + budget).applied();
        assertEquals(rank, applied.kvLoraRank().orElseThrow());
        assertEquals(64, applied.qkRopeHeadDim().orElseThrow());
        assertEquals(rope, applied.ropeScaling());
        assertTrue(applied.preset().isEmpty());
    }

    @Test
    void transformersLeavesTheChoiceToTheBudget() {
        UpcycleConfig applied = preset("transformers", base(8, 64)).applied();
        assertTrue(applied.kvLoraRank().isEmpty() && applied.qkRopeHeadDim().isEmpty());
    }

    @Test
    void saysWhatItCosts() {
        assertEquals(
                "preset vllm: a latent of 256 and a rope key of 64, 320 of the base's 1,024 elements (31.3 %); free"
                        + " choice at kv-budget 25.0 % would have 256, 64 fewer",
                preset("vllm", base(8, 64)).note());
        assertEquals(
                "preset llama-cpp: a latent of 128 and a rope key of 64, 192 of the base's 1,024 elements (18.8 %);"
                        + " free choice at kv-budget 25.0 % would have 256, 64 more",
                preset("llama-cpp", base(8, 64)).note());
    }

    @Test
    void whatElseDecidesIsRefused() {
        for (String setting : List.of("kv-lora-rank=128", "qk-rope-head-dim=32", "kv-energy=0.9", "rank-policy=care")) {
            ConfigException refused = assertThrows(ConfigException.class, () -> preset("vllm", base(8, 64), setting));
            assertTrue(refused.getMessage().startsWith("upcycle.preset = vllm chooses"), refused.getMessage());
        }
        for (String method : List.of("phased", "lowrank")) {
            ConfigException refused =
                    assertThrows(ConfigException.class, () -> preset("sglang", base(8, 64), "method=" + method));
            assertTrue(refused.getMessage().contains("is for methods aligned and xecomla"), refused.getMessage());
        }
    }

    @Test
    void basesThatCacheNoMoreAreRefused() {
        for (ModelConfig base : List.of(base(1, 64), base(8, 80))) {
            ConfigException refused = assertThrows(ConfigException.class, () -> preset("llama-cpp", base));
            assertTrue(refused.getMessage().endsWith("leave the preset out"), refused.getMessage());
        }
    }
}
