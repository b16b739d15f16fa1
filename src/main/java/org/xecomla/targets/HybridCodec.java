package org.xecomla.targets;

import java.util.Map;
import org.xecomla.tensor.CounterRandom;
import org.xecomla.tensor.SoftLabels;

/**
 * The k most probable tokens with their probabilities, the mass of all others, and N draws from those: a drawn token weighs
 * tail mass times count / N. Unbiased for forward KL as draws from the whole are, with their noise in the tail only.
 *
 * <p>A record is, for each position, what {@link TopKCodec} keeps, then the draws as in {@link SampledCodec}; none where the
 * tail is empty.
 *
 * @param k 1 to V
 * @param numSamples N
 * @param stratified whether the draws of a position are spread evenly (see {@link Draws}) and not independent
 * @param seed the run's
 */
public record HybridCodec(double temperature, int k, int numSamples, boolean stratified, long seed)
        implements TargetCodec {
    public static final String NAME = "hybrid";

    public HybridCodec {
        TargetCodec.requirePositive(temperature);
        TopKCodec.requireK(k);
        SampledCodec.requireSamples(numSamples);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, String> settings() {
        return Map.of(
                "codec",
                NAME,
                "temperature",
                Double.toString(temperature),
                "k",
                Integer.toString(k),
                "samples",
                Integer.toString(numSamples),
                "draws",
                Draws.name(stratified),
                "seed",
                Long.toString(seed));
    }

    @Override
    public TargetEncoder encoder(int sequenceLength, int vocabSize, long sequence) {
        TopKCodec.requireWithin(k, vocabSize);
        return new Encoder(this, sequenceLength, vocabSize, sequence);
    }

    @Override
    public SoftLabels.Sampled decode(byte[] record, int sequenceLength, int vocabSize) {
        RecordCoder in = new RecordCoder(new BitDecoder(record));
        SparseRows rows = new SparseRows(sequenceLength, vocabSize);
        MostProbable best = new MostProbable(k);
        for (int t = 0; t < sequenceLength; t++) {
            best.decode(in, vocabSize);
            for (int i = 0; i < k; i++) {
                rows.add(best.ids()[i], best.probabilities()[i]);
            }
            if (best.tail() > 0) {
                Draws.decode(in, numSamples, best.tail(), rows);
            }
            rows.endRow();
        }
        return rows.toLabels();
    }

    @Override
    public long typicalRecordBytes(int sequenceLength, int vocabSize) {
        return Math.round(
                sequenceLength * (MostProbable.typicalBytes(k, vocabSize) + Draws.typicalBytes(numSamples, vocabSize)));
    }

    static final class Encoder extends TargetEncoder {
        private final long seed;
        private final long sequence;
        private final MostProbable best;
        private final Draws draws;
        private final BitEncoder bits = new BitEncoder();
        private final RecordCoder out = new RecordCoder(bits);

        Encoder(HybridCodec codec, int sequenceLength, int vocabSize, long sequence) {
            super(sequenceLength, vocabSize, codec.temperature, sequence);
            this.seed = codec.seed;
            this.sequence = sequence;
            this.best = new MostProbable(codec.k);
            this.draws = new Draws(codec.numSamples, codec.stratified);
        }

        @Override
        void encodeRow(int position, float[] probabilities) {
            best.choose(probabilities);
            if (best.encode(out) > 0) {
                draws.draw(probabilities, CounterRandom.key(seed, sequence, position));
                draws.encode(out);
            }
        }

        @Override
        byte[] record() {
            return bits.toBytes();
        }
    }
}
