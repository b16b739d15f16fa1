package org.xecomla.train;

import java.util.Arrays;
import org.xecomla.corpus.TokenSequence;
import org.xecomla.targets.TargetAlignment;
import org.xecomla.tensor.SoftLabels;

/**
 * One sequence of T tokens with what is to be learned at every position.
 *
 * @param ids (T)
 * @param labels (T): the id that comes next, -1 where the cross-entropy does not count
 * @param softLabels T rows: the teacher's distributions of the next token; null: no teacher
 */
public record TrainingSequence(int[] ids, int[] labels, SoftLabels softLabels) {
    public TrainingSequence {
        if (labels.length != ids.length || (softLabels != null && softLabels.numRows() != ids.length)) {
            throw new IllegalArgumentException(ids.length + " ids, " + labels.length + " labels, "
                    + (softLabels == null ? "no" : softLabels.numRows()) + " soft labels");
        }
    }

    /** A sequence whose labels are its own next tokens. */
    public static TrainingSequence of(int[] ids, SoftLabels softLabels) {
        return new TrainingSequence(ids, TargetAlignment.NEXT_TOKEN.labels(ids), softLabels);
    }

    /** The same of the tokens' own marks: where nothing is learned there is neither label nor target. */
    public static TrainingSequence of(TokenSequence tokens, SoftLabels softLabels) {
        boolean[] learned = tokens.learned();
        int[] labels = TargetAlignment.NEXT_TOKEN.labels(tokens.ids());
        boolean all = true;
        for (int t = 0; t < labels.length; t++) {
            labels[t] = learned[t] ? labels[t] : TargetAlignment.NO_LABEL;
            all &= learned[t];
        }
        return new TrainingSequence(
                tokens.ids(), labels, all || softLabels == null ? softLabels : softLabels.where(learned));
    }

    /** Positions with a label. */
    long numLabels() {
        return Arrays.stream(labels).filter(label -> label >= 0).count();
    }

    /** Positions with a target. */
    long numTargets() {
        return softLabels == null ? 0 : softLabels.numTargets();
    }

    /** Positions that are learned from: those with a target, or without a teacher those with a label. */
    long numLearned() {
        return softLabels == null ? numLabels() : numTargets();
    }
}
