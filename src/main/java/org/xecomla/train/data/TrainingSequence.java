package org.xecomla.train.data;

import java.util.Arrays;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.targets.TargetAlignment;

/**
 * One sequence of T tokens with what is to be learned at every position.
 *
 * @param ids (T)
 * @param labels (T): the id that comes next, -1 where the cross-entropy does not count
 * @param softLabels T rows: the teacher's distributions of the next token; null: no teacher
 * @param starts (T): where the part of the sequence begins that a token sees
 * @param numIds over how many of the first ids is learned; {@link #ALL_IDS}: the student's whole vocabulary
 */
public record TrainingSequence(int[] ids, int[] labels, SoftLabels softLabels, int[] starts, int numIds) {
    /** A vocabulary is not cut. */
    public static final int ALL_IDS = Integer.MAX_VALUE;

    public TrainingSequence {
        if (starts.length != ids.length
                || labels.length != ids.length
                || (softLabels != null && softLabels.numRows() != ids.length)) {
            throw new IllegalArgumentException(ids.length + " ids, " + labels.length + " labels, "
                    + (softLabels == null ? "no" : softLabels.numRows()) + " soft labels, " + starts.length
                    + " starts");
        }
    }

    /** A sequence that is seen as a whole, whose labels are its own next tokens. */
    public static TrainingSequence of(int[] ids, SoftLabels softLabels) {
        return of(TokenSequence.of(ids), softLabels);
    }

    /**
     * The same of the tokens' own marks: where nothing is learned there is neither label nor target. The last token of
     * a document that the next one does not see has no label, as if the document stood alone.
     */
    public static TrainingSequence of(TokenSequence tokens, SoftLabels softLabels) {
        boolean[] learned = tokens.learned();
        int[] labels = TargetAlignment.NEXT_TOKEN.labels(tokens.ids());
        boolean all = true;
        for (int t = 0; t < labels.length; t++) {
            labels[t] = learned[t] && tokens.hasNext(t) ? labels[t] : TargetAlignment.NO_LABEL;
            all &= learned[t];
        }
        SoftLabels targets = all || softLabels == null ? softLabels : softLabels.where(learned);
        return new TrainingSequence(tokens.ids(), labels, targets, tokens.starts(), ALL_IDS);
    }

    /** The same, learned over the first {@code count} ids only. */
    public TrainingSequence overFirstIds(int count) {
        return new TrainingSequence(ids, labels, softLabels, starts, count);
    }

    /** Positions with a label. */
    public long numLabels() {
        return Arrays.stream(labels).filter(label -> label >= 0).count();
    }

    /** Positions with a target. */
    public long numTargets() {
        return softLabels == null ? 0 : softLabels.numTargets();
    }

    /** Positions that are learned from: those with a target, or without a teacher those with a label. */
    public long numLearned() {
        return softLabels == null ? numLabels() : numTargets();
    }
}
