package org.xecomla.targets;

import org.xecomla.errors.UserException;
import org.xecomla.tensor.Tensor;

/**
 * Encodes one sequence from the teacher's distributions, row after row: they may come in chunks of any number of
 * rows, so that (T, V) need not exist at once. Row t is what the teacher computed at position t, from tokens 0 to t.
 * Not thread-safe.
 */
public abstract sealed class TargetEncoder permits DenseCodec.Encoder, TopKCodec.Encoder, SampledCodec.Encoder {
    private final int sequenceLength;
    private final int vocabSize;
    private final long sequence;
    private final float[] row; // (V)
    private int numRows;

    TargetEncoder(int sequenceLength, int vocabSize, long sequence) {
        this.sequenceLength = sequenceLength;
        this.vocabSize = vocabSize;
        this.sequence = sequence;
        this.row = new float[vocabSize];
    }

    /** Takes the next position's probabilities (V), which sum to 1 up to rounding. The array may be overwritten. */
    abstract void encodeRow(int position, float[] probabilities);

    abstract byte[] record();

    /**
     * The next positions' probabilities, softmax(logits / temperature).
     *
     * @param probabilities (n, V)
     * @throws UserException where they do not sum to 1, naming sequence and position
     */
    public final void add(Tensor probabilities) {
        for (int r = 0; r < probabilities.rows(); r++) {
            begin(probabilities.cols());
            probabilities.rows(r, r + 1).read(row, 0);
            double sum = 0;
            for (float p : row) {
                sum += p;
            }
            if (!(Math.abs(sum - 1) < 1e-3)) {
                throw new UserException("the teacher's probabilities sum to " + sum + " at position " + numRows
                        + " of sequence " + sequence
                        + ": check the teacher's checkpoint and its compute precision");
            }
            encodeRow(numRows++, row);
        }
    }

    /** The record, once all T rows have been added. */
    public final byte[] finish() {
        if (numRows != sequenceLength) {
            throw new IllegalStateException(numRows + " rows were added, the sequence has " + sequenceLength);
        }
        return record();
    }

    private void begin(int cols) {
        if (cols != vocabSize || numRows == sequenceLength) {
            throw new IllegalArgumentException("row " + numRows + " of " + cols + " columns, the sequence has "
                    + sequenceLength + " rows of " + vocabSize);
        }
    }
}
