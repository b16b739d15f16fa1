package org.xecomla.targets;

import java.util.Arrays;
import java.util.Map;
import org.xecomla.config.ConfigException;
import org.xecomla.tensor.CounterRandom;
import org.xecomla.tensor.SoftLabels;

/**
 * N draws with replacement from the teacher's distribution, kept as counts of the distinct tokens: count / N is an unbiased
 * estimate of every probability, hence of forward KL and its gradient (Anshumann et al. 2025, "Sparse logit sampling:
 * accelerating knowledge distillation in LLMs").
 *
 * <p>The draws of a position follow from (seed, sequence, position) alone: a retried task writes the same bytes. A record is,
 * for each position, the number of distinct ids, then ids ascending as differences, each with its count.
 *
 * @param numSamples N
 * @param seed the run's
 */
public record SampledCodec(double temperature, int numSamples, long seed) implements TargetCodec {
    public static final String NAME = "sampled";

    public SampledCodec {
        TargetCodec.requirePositive(temperature);
        if (numSamples < 1) {
            throw new ConfigException("targets.samples = " + numSamples + " is below 1");
        }
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
                "samples",
                Integer.toString(numSamples),
                "seed",
                Long.toString(seed));
    }

    @Override
    public TargetEncoder encoder(int sequenceLength, int vocabSize, long sequence) {
        return new Encoder(this, sequenceLength, vocabSize, sequence);
    }

    @Override
    public SoftLabels.Sampled decode(byte[] record, int sequenceLength, int vocabSize) {
        RecordReader in = new RecordReader(record);
        int[][] rows = new int[sequenceLength][]; // id, count, id, count ...
        int k = 1;
        for (int t = 0; t < sequenceLength; t++) {
            rows[t] = new int[2 * in.getVarint()];
            k = Math.max(k, rows[t].length / 2);
            int id = -1;
            for (int i = 0; i < rows[t].length; i += 2) {
                id += 1 + in.getVarint();
                rows[t][i] = id;
                rows[t][i + 1] = 1 + in.getVarint();
            }
        }
        in.end();
        int[] ids = new int[sequenceLength * k]; // (T, k)
        float[] weights = new float[sequenceLength * k]; // (T, k)
        Arrays.fill(ids, -1);
        for (int t = 0; t < sequenceLength; t++) {
            for (int i = 0; i < rows[t].length / 2; i++) {
                ids[t * k + i] = rows[t][2 * i];
                weights[t * k + i] = (float) rows[t][2 * i + 1] / numSamples;
            }
        }
        return new SoftLabels.Sampled(sequenceLength, k, ids, weights);
    }

    @Override
    public long typicalRecordBytes(int sequenceLength, int vocabSize) {
        return (1L + 2 * Math.min(numSamples, 16)) * sequenceLength;
    }

    static final class Encoder extends TargetEncoder {
        private final long seed;
        private final long sequence;
        private final double[] draws; // (N) ascending in [0, 1)
        private final int[] distinct; // (2 N): id, count
        private final RecordWriter out = new RecordWriter();

        Encoder(SampledCodec codec, int sequenceLength, int vocabSize, long sequence) {
            super(sequenceLength, vocabSize, codec.temperature, sequence);
            this.seed = codec.seed;
            this.sequence = sequence;
            this.draws = new double[codec.numSamples];
            this.distinct = new int[2 * codec.numSamples];
        }

        /** Inverts the cumulative distribution at N sorted uniform numbers: one pass over the vocabulary. */
        @Override
        void encodeRow(int position, float[] probabilities) {
            long key = CounterRandom.key(seed, sequence, position);
            for (int i = 0; i < draws.length; i++) {
                draws[i] = CounterRandom.uniform(key, i);
            }
            Arrays.sort(draws);
            double total = 0;
            int lastPossible = 0;
            for (int id = 0; id < probabilities.length; id++) {
                total += probabilities[id];
                lastPossible = probabilities[id] > 0 ? id : lastPossible;
            }
            int numDistinct = 0;
            double below = probabilities[0]; // mass of the ids up to and including id
            int id = 0;
            for (double draw : draws) {
                while (below <= draw * total && id < lastPossible) {
                    below += probabilities[++id];
                }
                if (numDistinct > 0 && distinct[2 * numDistinct - 2] == id) {
                    distinct[2 * numDistinct - 1]++;
                } else {
                    distinct[2 * numDistinct] = id;
                    distinct[2 * numDistinct + 1] = 1;
                    numDistinct++;
                }
            }
            put(numDistinct);
        }

        private void put(int numDistinct) {
            out.putVarint(numDistinct);
            int previous = -1;
            for (int i = 0; i < numDistinct; i++) {
                out.putVarint(distinct[2 * i] - previous - 1);
                out.putVarint(distinct[2 * i + 1] - 1);
                previous = distinct[2 * i];
            }
        }

        @Override
        byte[] record() {
            return out.toBytes();
        }
    }
}
