package org.xecomla.formats.deepseek;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;

/**
 * What servers make of a DeepSeek V3 export. The rules were read in the sources of vLLM ({@code
 * MLACommonBackend.get_supported_head_sizes}, {@code deepseek_v2.py}) and SGLang ({@code deepseek_v2.py}) of 2026; no
 * server was run.
 */
final class ServerNotes {
    private static final List<Integer> VLLM_WIDTHS = List.of(320, 576);
    private static final int FLASH_MLA_WIDTH = 576;

    private ServerNotes() {}

    /**
     * One line a rule that matters.
     *
     * @param exported of {@link DeepseekWriter}
     * @param normFree whether the student's latents have no norm
     */
    static List<String> of(ModelConfig exported, boolean normFree) {
        AttentionConfig.Mla layer = (AttentionConfig.Mla) exported.attention().get(0);
        int width = layer.kvElementsPerToken();
        List<String> notes = new ArrayList<>();
        notes.add("transformers: loads as DeepseekV3ForCausalLM, no custom code");
        notes.add(
                VLLM_WIDTHS.contains(width)
                        ? "vLLM: a cached width of " + width + " fits its MLA kernels"
                                + (width == FLASH_MLA_WIDTH ? ", FlashMLA among them" : ", FlashMLA (576) not")
                        : "vLLM: will not load with its MLA cache: kv_lora_rank + qk_rope_head_dim is " + width
                                + ", it takes " + VLLM_WIDTHS);
        notes.add("SGLang: its Triton kernel takes any width" + (width == FLASH_MLA_WIDTH ? "" : ", its others 576"));
        RopeScaling rope = layer.ropeScaling();
        if (!(rope instanceof RopeScaling.None || rope instanceof RopeScaling.Yarn)) {
            notes.add("vLLM and SGLang read every scaled rope of DeepSeek as YaRN: they would compute other frequencies"
                    + " than this " + rope.getClass().getSimpleName() + " rope. Make the student with"
                    + " upcycle.rope-scaling = yarn to serve it there");
        }
        if (rope instanceof RopeScaling.Yarn yarn
                && yarn.factor() * yarn.originalMaxPositionEmbeddings() != exported.maxPositionEmbeddings()) {
            notes.add("some transformers 4 take max_position_embeddings / original_max_position_embeddings ("
                    + exported.maxPositionEmbeddings() + " / " + yarn.originalMaxPositionEmbeddings()
                    + ") for YaRN's factor, which is " + yarn.factor() + ": they would compute another rope");
        }
        if (normFree) {
            notes.add("the latents have no norm; theirs does nothing by construction. Serve in bfloat16 or float32, not"
                    + " float16, without weight quantisation a tensor; do not train this export");
        }
        return notes;
    }
}
