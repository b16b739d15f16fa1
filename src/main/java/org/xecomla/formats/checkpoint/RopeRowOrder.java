package org.xecomla.formats.checkpoint;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;

/**
 * Order of the rows that make MLA's rotated dimensions. Checkpoints hold them as DeepSeek does, pairs adjacent: (re_0,
 * im_0, re_1, im_1, ...). Inside, every rope is half-split as in Hugging Face's Llama: (re_0, re_1, ..., im_0, im_1,
 * ...).
 *
 * <p>Concerned are the last P rows of every head of {@code q_proj} or {@code q_b_proj} (heads of N + P rows), and the
 * last P rows of {@code kv_a_proj_with_mqa}; of a bias, what is added to these rows. This class is the only one that
 * knows.
 *
 * @param blockRows rows of one head, or of the whole matrix
 * @param ropeRows P: how many of them, the last ones, are rotated; 0: no row moves
 */
public record RopeRowOrder(int blockRows, int ropeRows) {
    private static final RopeRowOrder UNCHANGED = new RopeRowOrder(1, 0);

    /** The order of {@code parameter} in a checkpoint of {@code model} whose rope rows are interleaved. */
    public static RopeRowOrder of(ModelConfig model, String parameter) {
        ParameterNames.InLayer place = ParameterNames.inLayer(parameter).orElse(null);
        if (place == null || !(model.attention().get(place.layer()) instanceof AttentionConfig.Mla mla)) {
            return UNCHANGED;
        }
        String weight = ParameterNames.isBias(place.name()) ? ParameterNames.weight(place.name()) : place.name();
        return switch (weight) {
            case ParameterNames.Q_PROJ, ParameterNames.Q_B_PROJ ->
                new RopeRowOrder(mla.qkHeadDim(), mla.qkRopeHeadDim());
            case ParameterNames.KV_A_PROJ ->
                new RopeRowOrder(mla.kvLoraRank() + mla.qkRopeHeadDim(), mla.qkRopeHeadDim());
            default -> UNCHANGED;
        };
    }

    /** The order where checkpoint and engine agree. */
    public static RopeRowOrder unchanged() {
        return UNCHANGED;
    }

    public boolean isUnchanged() {
        return ropeRows == 0;
    }

    /** The row inside of row {@code stored} of the checkpoint. */
    public int inside(int stored) {
        int first = firstRopeRow(stored);
        int i = stored - first;
        return i < 0 ? stored : first + i / 2 + (i % 2) * (ropeRows / 2);
    }

    /** The row in the checkpoint of row {@code inside}: the inverse of {@link #inside}. */
    public int stored(int inside) {
        int first = firstRopeRow(inside);
        int i = inside - first;
        int half = ropeRows / 2;
        return i < 0 ? inside : first + (i < half ? 2 * i : 2 * (i - half) + 1);
    }

    /** Elements of a bias as they lie inside, from those of the checkpoint. (n) */
    public double[] inside(double[] stored) {
        double[] inside = new double[stored.length];
        for (int i = 0; i < stored.length; i++) {
            inside[inside(i)] = stored[i];
        }
        return inside;
    }

    /** Elements of a bias as they lie in the checkpoint, from those inside. (n) */
    public double[] stored(double[] inside) {
        double[] stored = new double[inside.length];
        for (int i = 0; i < stored.length; i++) {
            stored[i] = inside[inside(i)];
        }
        return stored;
    }

    private int firstRopeRow(int row) {
        return row / blockRows * blockRows + blockRows - ropeRows;
    }
}
