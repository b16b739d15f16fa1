package org.xecomla.targets;

import java.util.Arrays;
import java.util.Map;
import org.xecomla.config.ConfigException;
import org.xecomla.tensor.SoftLabels;

/**
 * The k most probable tokens of each position and the mass of all others, never renormalised: rescaling the k to sum to 1
 * biases the student towards them (Anshumann et al. 2025, "Sparse logit sampling").
 *
 * <p>A record is the ids of all positions, ascending within one and written as differences, then all probabilities and all
 * tails as 32-bit floats. The tail is 1 minus the sum of the probabilities that are stored, so that the total mass is exact.
 *
 * @param k 1 to V; of equal probabilities the lower id is taken
 */
public record TopKCodec(double temperature, int k) implements TargetCodec {
    public static final String NAME = "topk";

    public TopKCodec {
        TargetCodec.requirePositive(temperature);
        if (k < 1) {
            throw new ConfigException("targets.k = " + k + " is below 1");
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, String> settings() {
        return Map.of("codec", NAME, "temperature", Double.toString(temperature), "k", Integer.toString(k));
    }

    @Override
    public TargetEncoder encoder(int sequenceLength, int vocabSize, long sequence) {
        if (k > vocabSize) {
            throw new ConfigException("targets.k = " + k + " is above the vocabulary of " + vocabSize);
        }
        return new Encoder(this, sequenceLength, vocabSize, sequence);
    }

    @Override
    public SoftLabels.TopK decode(byte[] record, int sequenceLength, int vocabSize) {
        RecordReader in = new RecordReader(record);
        int[] ids = new int[sequenceLength * k]; // (T, k)
        for (int t = 0; t < sequenceLength; t++) {
            int id = -1;
            for (int i = 0; i < k; i++) {
                id += 1 + in.getVarint();
                ids[t * k + i] = id;
            }
        }
        float[] probabilities = new float[sequenceLength * k]; // (T, k)
        in.getFloats(probabilities);
        float[] tail = new float[sequenceLength]; // (T)
        in.getFloats(tail);
        in.end();
        return new SoftLabels.TopK(sequenceLength, k, ids, probabilities, tail);
    }

    @Override
    public long typicalRecordBytes(int sequenceLength, int vocabSize) {
        return 6L * k * sequenceLength;
    }

    static final class Encoder extends TargetEncoder {
        private final int k;
        private final RecordWriter ids = new RecordWriter();
        private final float[] probabilities; // (T, k)
        private final float[] tail; // (T)
        private final long[] heap; // (k), the least of the best first

        Encoder(TopKCodec codec, int sequenceLength, int vocabSize, long sequence) {
            super(sequenceLength, vocabSize, codec.temperature, sequence);
            k = codec.k;
            probabilities = new float[sequenceLength * k];
            tail = new float[sequenceLength];
            heap = new long[k];
        }

        @Override
        void encodeRow(int position, float[] row) {
            int[] best = mostProbable(row);
            Arrays.sort(best);
            double sum = 0;
            int previous = -1;
            for (int i = 0; i < k; i++) {
                ids.putVarint(best[i] - previous - 1);
                previous = best[i];
                probabilities[position * k + i] = row[best[i]];
                sum += row[best[i]];
            }
            tail[position] = (float) Math.max(0, 1 - sum);
        }

        private int[] mostProbable(float[] row) {
            for (int id = 0; id < k; id++) {
                heap[id] = rank(row[id], id);
            }
            for (int i = k / 2 - 1; i >= 0; i--) {
                siftDown(i);
            }
            for (int id = k; id < row.length; id++) {
                long candidate = rank(row[id], id);
                if (candidate > heap[0]) {
                    heap[0] = candidate;
                    siftDown(0);
                }
            }
            return Arrays.stream(heap)
                    .mapToInt(rank -> Integer.MAX_VALUE - (int) rank)
                    .toArray();
        }

        /** Orders by probability, then by lower id. Bits of non-negative floats are ordered as the floats are. */
        private static long rank(float probability, int id) {
            return (long) Float.floatToRawIntBits(probability) << 32 | (Integer.MAX_VALUE - id);
        }

        private void siftDown(int from) {
            int i = from;
            long value = heap[i];
            for (int child = 2 * i + 1; child < k; child = 2 * i + 1) {
                if (child + 1 < k && heap[child + 1] < heap[child]) {
                    child++;
                }
                if (value <= heap[child]) {
                    break;
                }
                heap[i] = heap[child];
                i = child;
            }
            heap[i] = value;
        }

        @Override
        byte[] record() {
            ids.putFloats(probabilities);
            ids.putFloats(tail);
            return ids.toBytes();
        }
    }
}
