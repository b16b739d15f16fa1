package org.xecomla.formats.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;

class RopeRowOrderTest {
    private static final AttentionConfig GQA = new AttentionConfig.Gqa(2, 1, 6, RopeScaling.NONE);
    private static final AttentionConfig MLA =
            new AttentionConfig.Mla(2, 5, 3, 1, 6, 4, false, false, RopeScaling.NONE, 1);
    private static final ModelConfig MODEL = new ModelConfig(12, 8, 10, 64, 1e-5, 1e4, true, -1, -1, List.of(GQA, MLA));

    private static int[] inside(String parameter, int numRows) {
        RopeRowOrder order = RopeRowOrder.of(MODEL, parameter);
        return IntStream.range(0, numRows).map(order::inside).toArray();
    }

    /** (re0, im0, re1, im1, re2, im2) becomes (re0, re1, re2, im0, im1, im2), after one row that is not rotated. */
    @Test
    void pairsBecomeHalvesInEveryHead() {
        int[] expected = {0, 1, 4, 2, 5, 3, 6, 7, 8, 11, 9, 12, 10, 13};
        assertArrayEquals(expected, inside("model.layers.1.self_attn.q_b_proj.weight", 14));
        assertArrayEquals(expected, inside("model.layers.1.self_attn.q_proj.weight", 14));
        assertArrayEquals(
                new int[] {0, 1, 2, 3, 6, 4, 7, 5, 8}, inside("model.layers.1.self_attn.kv_a_proj_with_mqa.weight", 9));
    }

    @Test
    void thereAndBack() {
        for (int rope = 2; rope <= 16; rope += 2) {
            for (int nope = 0; nope <= 5; nope++) {
                RopeRowOrder order = new RopeRowOrder(nope + rope, rope);
                int numRows = 3 * (nope + rope);
                assertEquals(
                        numRows,
                        IntStream.range(0, numRows)
                                .map(order::inside)
                                .distinct()
                                .count());
                for (int row = 0; row < numRows; row++) {
                    assertEquals(row, order.stored(order.inside(row)));
                    assertEquals(row, order.inside(order.stored(row)));
                }
            }
        }
    }

    @Test
    void allElseStays() {
        for (String name : List.of(
                "model.embed_tokens.weight",
                "lm_head.weight",
                "model.layers.0.self_attn.q_proj.weight",
                "model.layers.1.self_attn.q_a_proj.weight",
                "model.layers.1.self_attn.kv_b_proj.weight",
                "model.layers.1.self_attn.kv_a_layernorm.weight",
                "model.layers.1.self_attn.o_proj.weight",
                "model.layers.1.mlp.up_proj.weight")) {
            assertTrue(RopeRowOrder.of(MODEL, name).isUnchanged(), name);
            assertArrayEquals(IntStream.range(0, 9).toArray(), inside(name, 9), name);
        }
    }
}
