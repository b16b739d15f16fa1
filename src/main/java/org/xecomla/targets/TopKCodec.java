package org.xecomla.targets;

import java.util.Map;
import org.xecomla.errors.ConfigException;
import org.xecomla.nn.loss.SoftLabels;

/**
 * The k most probable tokens of each position and the mass of all others, never renormalised: rescaling the k to sum to
 * 1 biases the student towards them (Anshumann et al. 2025, "Sparse logit sampling").
 *
 * <p>A record is, for each position, the mass of the tail, then the ids ascending, each with its probability. All are
 * rounded in their logarithm, to 0.034 %, which the decoder brings back to a total of 1 (see {@link MostProbable}).
 *
 * @param k 1 to V; of equal probabilities the lower id is taken
 */
public record TopKCodec(double temperature, int k) implements TargetCodec {
    public static final String NAME = "topk";

    public TopKCodec {
        TargetCodec.requirePositive(temperature);
        requireK(k);
    }

    static void requireK(int k) {
        if (k < 1) {
            throw new ConfigException("targets.k = " + k + " is below 1");
        }
    }

    static void requireWithin(int k, int vocabSize) {
        if (k > vocabSize) {
            throw new ConfigException("targets.k = " + k + " is above the vocabulary of " + vocabSize);
        }
    }

    @Override
    public Map<String, String> settings() {
        return Map.of("codec", NAME, "temperature", Double.toString(temperature), "k", Integer.toString(k));
    }

    @Override
    public TargetEncoder encoder(int sequenceLength, int vocabSize, long sequence) {
        requireWithin(k, vocabSize);
        return new Encoder(this, sequenceLength, vocabSize, sequence);
    }

    @Override
    public SoftLabels.TopK decode(byte[] record, int sequenceLength, int vocabSize) {
        RecordCoder in = new RecordCoder(new BitDecoder(record));
        int[] ids = new int[sequenceLength * k]; // (T, k)
        float[] probabilities = new float[sequenceLength * k]; // (T, k)
        float[] tail = new float[sequenceLength]; // (T)
        MostProbable row = new MostProbable(k);
        for (int t = 0; t < sequenceLength; t++) {
            row.decode(in, vocabSize);
            System.arraycopy(row.ids(), 0, ids, t * k, k);
            System.arraycopy(row.probabilities(), 0, probabilities, t * k, k);
            tail[t] = row.tail();
        }
        return new SoftLabels.TopK(sequenceLength, k, ids, probabilities, tail);
    }

    @Override
    public long typicalRecordBytes(int sequenceLength, int vocabSize) {
        return Math.round(sequenceLength * MostProbable.typicalBytes(k, vocabSize));
    }

    static final class Encoder extends TargetEncoder {
        private final MostProbable row;
        private final BitEncoder bits = new BitEncoder();
        private final RecordCoder out = new RecordCoder(bits);

        Encoder(TopKCodec codec, int sequenceLength, int vocabSize, long sequence) {
            super(sequenceLength, vocabSize, sequence);
            row = new MostProbable(codec.k);
        }

        @Override
        void encodeRow(int position, float[] probabilities) {
            row.choose(probabilities);
            row.encode(out);
        }

        @Override
        byte[] record() {
            return bits.toBytes();
        }
    }
}
