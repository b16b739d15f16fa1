package org.xecomla.serve;

import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/** The logits of one sequence, for comparison with other implementations. Legend: T tokens, D width, V vocabulary. */
public final class SequenceLogits {
    private SequenceLogits() {}

    /** Logits of every position, row by row: (T, V). */
    public static float[] of(CausalLm model, int[] ids) {
        long bytes = model.arenaBytes((sized, arena) -> logits(sized, ids, arena));
        try (Arena arena = Arena.of(model.kernels(), bytes)) {
            return logits(model, ids, arena).toFloats(); // (T, V)
        }
    }

    private static Tensor logits(CausalLm model, int[] ids, Arena arena) {
        Tensor hidden = model.hiddenStates(ids, 1, arena, null); // (T, D)
        Tensor logits = arena.matrix(ids.length, model.config().vocabSize()); // (T, V)
        model.logits(hidden, logits);
        return logits;
    }
}
