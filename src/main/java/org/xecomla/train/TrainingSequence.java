package org.xecomla.train;

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

    /** A sequence whose labels are its own ids shifted by one; the last position has none. */
    public static TrainingSequence of(int[] ids, SoftLabels softLabels) {
        int[] labels = new int[ids.length];
        System.arraycopy(ids, 1, labels, 0, ids.length - 1);
        labels[ids.length - 1] = -1;
        return new TrainingSequence(ids, labels, softLabels);
    }
}
