package org.xecomla.targets;

import java.util.Map;
import org.xecomla.errors.ConfigException;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.tensor.CounterRandom;

/**
 * N draws with replacement from the teacher's distribution, kept as counts of the distinct tokens: count / N is an
 * unbiased estimate of every probability, hence of forward KL and its gradient (Anshumann et al. 2025, "Sparse logit
 * sampling: accelerating knowledge distillation in LLMs").
 *
 * <p>The draws of a position follow from (seed, sequence, position) alone: a retried task writes the same bytes. A
 * record is, for each position, the distinct ids ascending, each with its count, until the counts add up to N (see
 * {@link RecordCoder}).
 *
 * @param numSamples N
 * @param stratified whether the draws of a position are spread evenly (see {@link Draws}) and not independent
 * @param seed the run's
 */
public record SampledCodec(double temperature, int numSamples, boolean stratified, long seed) implements TargetCodec {
    public static final String NAME = "sampled";

    public SampledCodec {
        TargetCodec.requirePositive(temperature);
        requireSamples(numSamples);
    }

    static void requireSamples(int numSamples) {
        if (numSamples < 1) {
            throw new ConfigException("targets.samples = " + numSamples + " is below 1");
        }
    }

    @Override
    public Map<String, String> settings() {
        return Map.of(
                "codec",
                NAME,
                "temperature",
                Double.toString(temperature),
                "samples",
                Integer.toString(numSamples),
                "draws",
                Draws.name(stratified),
                "seed",
                Long.toString(seed));
    }

    @Override
    public TargetEncoder encoder(int sequenceLength, int vocabSize, long sequence) {
        return new Encoder(this, sequenceLength, vocabSize, sequence);
    }

    @Override
    public SoftLabels.Sampled decode(byte[] record, int sequenceLength, int vocabSize) {
        RecordCoder in = new RecordCoder(new BitDecoder(record));
        SparseRows rows = new SparseRows(sequenceLength, vocabSize);
        for (int t = 0; t < sequenceLength; t++) {
            Draws.decode(in, numSamples, 1, rows);
            rows.endRow();
        }
        return rows.toLabels();
    }

    @Override
    public long typicalRecordBytes(int sequenceLength, int vocabSize) {
        return Math.round(sequenceLength * Draws.typicalBytes(numSamples, stratified, vocabSize));
    }

    static final class Encoder extends TargetEncoder {
        private final long seed;
        private final long sequence;
        private final Draws draws;
        private final BitEncoder bits = new BitEncoder();
        private final RecordCoder out = new RecordCoder(bits);

        Encoder(SampledCodec codec, int sequenceLength, int vocabSize, long sequence) {
            super(sequenceLength, vocabSize, sequence);
            this.seed = codec.seed;
            this.sequence = sequence;
            this.draws = new Draws(codec.numSamples, codec.stratified);
        }

        @Override
        void encodeRow(int position, float[] probabilities) {
            draws.draw(probabilities, CounterRandom.key(seed, sequence, position));
            draws.encode(out);
        }

        @Override
        byte[] record() {
            return bits.toBytes();
        }
    }
}
