package org.xecomla.nn.loss;

import java.util.Arrays;
import org.xecomla.config.Divergence;
import org.xecomla.tensor.SoftLabels;

/**
 * What the student is trained on at every position: loss = (1 - alpha) T^2 KL + alpha CE (Hinton et al. 2015).
 *
 * <p>Neither part is shifted here: row n of {@code targets} and {@code labels[n]} speak of the token after position n.
 * Both parts are measured wherever they are given, whatever alpha is. Legend: N = B * T positions.
 *
 * @param targets of N positions, the teacher's distributions at temperature T; a row of unused ids (-1), or of zeros in
 *     dense form, has no target. Null: none
 * @param labels (N) the next token, -1: none. Null: none
 * @param alpha weight of the cross-entropy, 0 to 1
 * @param temperature T of the student's distribution in the KL, above 0. The targets must have been made with the same
 * @param divergence in place of KL above; only forward KL goes with targets that were drawn
 */
public record TokenLoss(SoftLabels targets, int[] labels, double alpha, double temperature, Divergence divergence) {
    public TokenLoss {
        if (!(alpha >= 0 && alpha <= 1) || !(temperature > 0)) {
            throw new IllegalArgumentException("no loss of alpha " + alpha + " and temperature " + temperature);
        }
        if ((targets == null && alpha < 1) || (labels == null && alpha > 0)) {
            throw new IllegalArgumentException("alpha " + alpha + " asks for "
                    + (targets == null ? "targets" : "labels") + ", and there are none");
        }
        if (targets instanceof SoftLabels.Sampled && divergence != Divergence.FORWARD_KL) {
            throw new IllegalArgumentException("draws from the teacher do not tell " + divergence);
        }
        if (targets != null && labels != null && targets.numRows() != labels.length) {
            throw new IllegalArgumentException(targets.numRows() + " targets and " + labels.length + " labels");
        }
    }

    /** With forward KL. */
    public TokenLoss(SoftLabels targets, int[] labels, double alpha, double temperature) {
        this(targets, labels, alpha, temperature, Divergence.FORWARD_KL);
    }

    /** KL to the teacher only. */
    public static TokenLoss distillation(SoftLabels targets, double temperature) {
        return new TokenLoss(targets, null, 0, temperature);
    }

    /** Another divergence from the teacher only. */
    public static TokenLoss distillation(SoftLabels targets, double temperature, Divergence divergence) {
        return new TokenLoss(targets, null, 0, temperature, divergence);
    }

    /** Cross-entropy on labels only. */
    public static TokenLoss crossEntropy(int[] labels) {
        return new TokenLoss(null, labels, 1, 1);
    }

    /**
     * The label of every position: the next token of its own sequence, -1 at the last.
     *
     * @param ids (B*T)
     */
    public static int[] nextTokenLabels(int[] ids, int numSequences) {
        int length = ids.length / numSequences;
        int[] labels = new int[ids.length];
        for (int n = 0; n < ids.length; n++) {
            labels[n] = (n + 1) % length == 0 ? -1 : ids[n + 1];
        }
        return labels;
    }

    public int numRows() {
        return targets == null ? labels.length : targets.numRows();
    }

    /** Positions {@code from} (inclusive) to {@code to} (exclusive). */
    public TokenLoss rows(int from, int to) {
        return new TokenLoss(
                targets == null ? null : targets.rows(from, to),
                labels == null ? null : Arrays.copyOfRange(labels, from, to),
                alpha,
                temperature,
                divergence);
    }
}
