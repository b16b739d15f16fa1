package org.xecomla.targets;

import org.xecomla.errors.UserException;
import org.xecomla.tensor.Tensor;

/**
 * Encodes one sequence from the teacher's logits, row after row: they may come in chunks of any number of rows, so that
 * (T, V) need not exist at once. Row t is what the teacher computed at position t, from tokens 0 to t. Not thread-safe.
 */
public abstract sealed class TargetEncoder permits DenseCodec.Encoder, TopKCodec.Encoder, SampledCodec.Encoder {
    private final int sequenceLength;
    private final int vocabSize;
    private final double temperature;
    private final long sequence;
    private final float[] row; // (V)
    private int numRows;

    TargetEncoder(int sequenceLength, int vocabSize, double temperature, long sequence) {
        this.sequenceLength = sequenceLength;
        this.vocabSize = vocabSize;
        this.temperature = temperature;
        this.sequence = sequence;
        this.row = new float[vocabSize];
    }

    /** Takes the next position's probabilities (V), which sum to 1 up to rounding. The array may be overwritten. */
    abstract void encodeRow(int position, float[] probabilities);

    abstract byte[] record();

    /**
     * The next positions' logits.
     *
     * @param logits (n, V)
     * @throws UserException where one of them is not a number, naming sequence and position
     */
    public final void addLogits(Tensor logits) {
        for (int r = 0; r < logits.rows(); r++) {
            begin(logits.cols());
            logits.rows(r, r + 1).read(row, 0);
            softmax();
            encodeRow(numRows++, row);
        }
    }

    /** As {@link #addLogits(Tensor)}, from an array (n, V), row-major. */
    public final void addLogits(float[] logits, int numNewRows) {
        for (int r = 0; r < numNewRows; r++) {
            begin(logits.length / numNewRows);
            System.arraycopy(logits, r * vocabSize, row, 0, vocabSize);
            softmax();
            encodeRow(numRows++, row);
        }
    }

    /**
     * The next positions' probabilities, already softmax(logits / temperature): for callers whose kernels do that
     * faster.
     *
     * @param probabilities (n, V)
     */
    public final void addProbabilities(Tensor probabilities) {
        for (int r = 0; r < probabilities.rows(); r++) {
            begin(probabilities.cols());
            probabilities.rows(r, r + 1).read(row, 0);
            double sum = 0;
            for (float p : row) {
                sum += p;
            }
            if (!(Math.abs(sum - 1) < 1e-3)) {
                throw notFinite("probabilities sum to " + sum);
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

    private void softmax() {
        double max = Double.NEGATIVE_INFINITY;
        for (float x : row) {
            max = Math.max(max, x);
        }
        double sum = 0;
        for (int i = 0; i < vocabSize; i++) {
            double power = Math.exp((row[i] - max) / temperature);
            sum += power;
            row[i] = (float) power;
        }
        if (!(sum >= 1 && sum < Double.POSITIVE_INFINITY)) {
            throw notFinite("logits are not all finite");
        }
        for (int i = 0; i < vocabSize; i++) {
            row[i] = (float) (row[i] / sum);
        }
    }

    private UserException notFinite(String what) {
        return new UserException("the teacher's " + what + " at position " + numRows + " of sequence " + sequence
                + ": check the teacher's checkpoint and its compute precision");
    }
}
