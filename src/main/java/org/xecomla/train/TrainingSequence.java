package org.xecomla.train;

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
}
