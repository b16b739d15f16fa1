package org.xecomla.targets;

import java.util.List;
import org.xecomla.nn.loss.SoftLabels;

/**
 * Which token a row of targets speaks of: row t of a sequence is the teacher's distribution of token t + 1 given tokens
 * 0 to t. That is what a model computes at position t, so the student's logits at position t meet row t, and the label
 * at position t is id t + 1; the last row speaks of the token after the sequence, which has no label.
 *
 * <p>The only place that knows: the teacher hands its logits to {@link TargetEncoder} in the order of positions, and
 * training gets its targets and labels here.
 */
public final class TargetAlignment {
    /** The label of a position that has none. */
    public static final int NO_LABEL = -1;

    /** The alignment of all targets. */
    public static final TargetAlignment NEXT_TOKEN = new TargetAlignment(0);

    private final int shift;

    /** Row t + shift for position t: for the test that shows that only 0 is right. */
    TargetAlignment(int shift) {
        this.shift = shift;
    }

    /**
     * The rows of {@code targets}, as {@link TargetCodec#decode} gives them, in the order of the student's positions.
     */
    public SoftLabels toPositions(SoftLabels targets) {
        int turn = Math.floorMod(shift, targets.numRows());
        return turn == 0
                ? targets
                : SoftLabels.concat(List.of(targets.rows(turn, targets.numRows()), targets.rows(0, turn)));
    }

    /**
     * Labels of one sequence.
     *
     * @param ids (T)
     * @return (T): the id that comes next, {@link #NO_LABEL} at the end
     */
    public int[] labels(int[] ids) {
        int[] labels = new int[ids.length];
        for (int t = 0; t < ids.length; t++) {
            int next = t + 1 + shift;
            labels[t] = next >= 0 && next < ids.length ? ids[next] : NO_LABEL;
        }
        return labels;
    }
}
