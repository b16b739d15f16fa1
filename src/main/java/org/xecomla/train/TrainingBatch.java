package org.xecomla.train;

import java.util.List;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.tensor.Sequences;
import org.xecomla.train.data.TrainingSequence;

/**
 * Several sequences of one length as the model takes them, one behind the other. Legend: B sequences, T time.
 *
 * @param sequences B of them
 * @param ids (B*T)
 * @param labels (B*T), -1: none
 * @param softLabels B*T rows, or null
 * @param numIds over how many of the first ids is learned
 */
record TrainingBatch(Sequences sequences, int[] ids, int[] labels, SoftLabels softLabels, int numIds) {
    static TrainingBatch of(List<TrainingSequence> sequences) {
        int length = sequences.get(0).ids().length;
        int[] ids = new int[sequences.size() * length];
        int[] labels = new int[ids.length];
        int[] starts = new int[ids.length];
        for (int b = 0; b < sequences.size(); b++) {
            System.arraycopy(sequences.get(b).ids(), 0, ids, b * length, length);
            System.arraycopy(sequences.get(b).labels(), 0, labels, b * length, length);
            System.arraycopy(sequences.get(b).starts(), 0, starts, b * length, length);
        }
        List<SoftLabels> soft = sequences.stream()
                .map(TrainingSequence::softLabels)
                .filter(s -> s != null)
                .toList();
        if (!soft.isEmpty() && soft.size() != sequences.size()) {
            throw new IllegalArgumentException("some sequences of a batch have soft labels and some have none");
        }
        SoftLabels all = soft.isEmpty() ? null : SoftLabels.concat(soft);
        return new TrainingBatch(
                Sequences.of(sequences.size(), starts),
                ids,
                labels,
                all,
                sequences.get(0).numIds());
    }

    /** Which positions (B*T) are learned from: those with a target, or without a teacher those with a label. */
    boolean[] learned() {
        if (softLabels != null) {
            return softLabels.targeted();
        }
        boolean[] learned = new boolean[labels.length];
        for (int n = 0; n < labels.length; n++) {
            learned[n] = labels[n] >= 0;
        }
        return learned;
    }
}
