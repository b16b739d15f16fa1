package org.xecomla.targets;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.xecomla.errors.ConfigException;
import org.xecomla.nn.loss.SoftLabels;

/**
 * Whole distributions, 4 V bytes a position: for small vocabularies, and as the reference of the other codecs.
 * Probabilities are kept as 32-bit floats, so that a loss on them equals that on the teacher's logits to 1e-6.
 */
public record DenseCodec(double temperature) implements TargetCodec {
    public static final String NAME = "dense";
    private static final long MAX_RECORD_BYTES = 1L << 28;
    private static final float MOST = 1.001f; // 1, up to rounding

    public DenseCodec {
        TargetCodec.requirePositive(temperature);
    }

    @Override
    public Map<String, String> settings() {
        return Map.of("codec", NAME, "temperature", Double.toString(temperature));
    }

    @Override
    public TargetEncoder encoder(int sequenceLength, int vocabSize, long sequence) {
        long bytes = 4L * sequenceLength * vocabSize;
        if (bytes > MAX_RECORD_BYTES) {
            throw new ConfigException("targets.codec = dense would take " + bytes + " bytes for a sequence of "
                    + sequenceLength + " tokens and a vocabulary of " + vocabSize
                    + ": use targets.codec = sampled or topk");
        }
        return new Encoder(sequenceLength, vocabSize, sequence);
    }

    @Override
    public SoftLabels.Dense decode(byte[] record, int sequenceLength, int vocabSize) {
        float[] probabilities = new float[sequenceLength * vocabSize]; // (T, V)
        if (record.length != 4 * probabilities.length) {
            throw new IllegalArgumentException(
                    "a record has " + record.length + " bytes, not " + 4 * probabilities.length);
        }
        ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(probabilities);
        for (float probability : probabilities) {
            if (!(probability >= 0 && probability <= MOST)) {
                throw new IllegalArgumentException("a record has a probability of " + probability);
            }
        }
        return new SoftLabels.Dense(sequenceLength, vocabSize, probabilities);
    }

    @Override
    public long typicalRecordBytes(int sequenceLength, int vocabSize) {
        return 4L * sequenceLength * vocabSize;
    }

    static final class Encoder extends TargetEncoder {
        private final ByteBuffer out;

        Encoder(int sequenceLength, int vocabSize, long sequence) {
            super(sequenceLength, vocabSize, sequence);
            out = ByteBuffer.allocate(4 * sequenceLength * vocabSize).order(ByteOrder.LITTLE_ENDIAN);
        }

        @Override
        void encodeRow(int position, float[] probabilities) {
            out.asFloatBuffer().put(probabilities);
            out.position(out.position() + 4 * probabilities.length);
        }

        @Override
        byte[] record() {
            return out.array();
        }
    }
}
