package org.xecomla.formats.gguf;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;

/**
 * What llama.cpp makes of an export. CPU and cache were measured with the release that {@code -Pllamacpp} runs; the
 * shapes of GPU kernels were read in the sources of 2026.
 */
final class LlamaCppNotes {
    private static final int BLOCK = 32;

    private LlamaCppNotes() {}

    /** @param exported of {@link GgufWriter} */
    static List<String> of(ModelConfig exported) {
        AttentionConfig layer = exported.attention().get(0);
        List<String> notes = new ArrayList<>();
        String betas = "";
        if (layer.ropeScaling() instanceof RopeScaling.Yarn yarn && GgufShape.needsBetas(yarn)) {
            betas = String.format(
                    Locale.ROOT, " --yarn-beta-fast %s --yarn-beta-slow %s", yarn.betaFast(), yarn.betaSlow());
            notes.add("llama.cpp has YaRN's betas 32 and 1 built in for this architecture, and no file can say that"
                    + " the student's are " + yarn.betaFast() + " and " + yarn.betaSlow() + ": start it with"
                    + betas + ". Ollama and LM Studio cannot, and would compute another rope");
        }
        notes.add("llama-server -m " + GgufWriter.FILE + betas);
        if (betas.isEmpty()) {
            notes.add("ollama run: echo FROM ./" + GgufWriter.FILE + " > Modelfile; ollama create student;"
                    + " ollama run student");
        }
        if (layer instanceof AttentionConfig.Mla mla) {
            latent(notes, mla, exported);
        } else {
            notes.add("llama.cpp: architecture llama");
        }
        return notes;
    }

    private static void latent(List<String> notes, AttentionConfig.Mla mla, ModelConfig exported) {
        notes.add(String.format(
                Locale.ROOT,
                "llama.cpp of 2026 on: architecture deepseek2; its cache holds %,d elements a token for K, none for V."
                        + " Releases of 2025 do not load it",
                exported.kvElementsPerToken()));
        notes.add(
                "llama-quantize, ollama create -q and others may quantise it further: the latents' smallness stands in"
                        + " a norm, which stays F32");
        if (mla.kvLoraRank() % BLOCK != 0 || mla.qkNopeHeadDim() % BLOCK != 0) {
            notes.add("kv_lora_rank " + mla.kvLoraRank() + " and qk_nope_head_dim " + mla.qkNopeHeadDim()
                    + " are not both multiples of 32: the tensors whose rows they are stay BF16 in q8_0, and the cache"
                    + " itself cannot be quantised");
        }
    }
}
