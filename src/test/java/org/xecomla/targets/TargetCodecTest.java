package org.xecomla.targets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

class TargetCodecTest {
    /** Two steps of 2^-11 in the binary logarithm: a probability's own rounding and that of the sum. */
    private static final double ROUNDING = 7e-4;

    private static float[] logits(long seed, int rows, int vocabSize, double scale) {
        Random random = new Random(seed);
        float[] logits = new float[rows * vocabSize]; // (T, V)
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (scale * random.nextGaussian());
        }
        return logits;
    }

    /** log softmax(logits / temperature) of row t, in double. */
    private static double[] logSoftmax(float[] logits, int t, int vocabSize, double temperature) {
        double[] x = new double[vocabSize];
        for (int i = 0; i < vocabSize; i++) {
            x[i] = logits[t * vocabSize + i] / temperature;
        }
        double max = Arrays.stream(x).max().orElseThrow();
        double logSum =
                max + Math.log(Arrays.stream(x).map(v -> Math.exp(v - max)).sum());
        return Arrays.stream(x).map(v -> v - logSum).toArray();
    }

    private static byte[] encode(TargetCodec codec, float[] logits, int rows, int vocabSize, long sequence) {
        assertEquals(vocabSize, logits.length / rows);
        return TeacherLogits.record(codec, logits, rows, sequence);
    }

    private static List<TargetCodec> codecs() {
        return List.of(
                new DenseCodec(1.5),
                new TopKCodec(1.5, 5),
                new SampledCodec(1.5, 9, false, 42),
                new SampledCodec(1.5, 9, true, 42));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,2", "2,7", "5,13", "9,200", "3,1000"})
    void aLossOnDenseTargetsIsThatOnTheTeachersLogits(int rows, int vocabSize) {
        double temperature = 1.7;
        DenseCodec codec = new DenseCodec(temperature);
        float[] teacher = logits(1, rows, vocabSize, 4);
        float[] student = logits(2, rows, vocabSize, 3);
        SoftLabels.Dense targets = codec.decode(encode(codec, teacher, rows, vocabSize, 0), rows, vocabSize);
        for (int t = 0; t < rows; t++) {
            double[] p = logSoftmax(teacher, t, vocabSize, temperature);
            double[] q = logSoftmax(student, t, vocabSize, temperature);
            double exact = 0;
            double decoded = 0;
            for (int i = 0; i < vocabSize; i++) {
                exact += Math.exp(p[i]) * (p[i] - q[i]);
                double stored = targets.probabilities()[t * vocabSize + i];
                decoded += stored == 0 ? 0 : stored * (Math.log(stored) - q[i]);
            }
            assertEquals(exact, decoded, 1e-6 * Math.max(1, exact));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "4,7,3", "3,50,50", "6,333,16", "2,1000,64"})
    void topKKeepsTheMostProbableAndTheExactMassOfTheRest(int rows, int vocabSize, int k) {
        TopKCodec codec = new TopKCodec(0.8, k);
        float[] teacher = logits(k, rows, vocabSize, 3);
        SoftLabels.TopK targets = codec.decode(encode(codec, teacher, rows, vocabSize, 0), rows, vocabSize);
        for (int t = 0; t < rows; t++) {
            double[] p = logSoftmax(teacher, t, vocabSize, 0.8);
            double[] descending = Arrays.stream(p).map(v -> -v).sorted().toArray();
            double kept = 0;
            double stored = targets.tail()[t];
            int previous = -1;
            for (int i = 0; i < k; i++) {
                int id = targets.ids()[t * k + i];
                assertTrue(id > previous, "ids are ascending");
                previous = id;
                assertTrue(p[id] >= -descending[k - 1] - 1e-5, "one of the k best");
                assertEquals(Math.exp(p[id]), targets.probabilities()[t * k + i], ROUNDING * Math.exp(p[id]) + 1e-9);
                kept += Math.exp(p[id]);
                stored += targets.probabilities()[t * k + i];
            }
            assertEquals(1, stored, 1e-6, "the total mass is exact");
            assertEquals(1 - kept, targets.tail()[t], ROUNDING * (1 - kept) + 1e-6);
            assertTrue(k == vocabSize || targets.tail()[t] > 0, "never renormalised");
        }
    }

    @Test
    void ofEqualProbabilitiesTopKTakesTheLowerIds() {
        TopKCodec codec = new TopKCodec(1, 3);
        float[] logits = {1, 0, 1, 2, 1, 1, 0, 1};
        assertArrayEquals(
                new int[] {0, 2, 3},
                codec.decode(encode(codec, logits, 1, 8, 0), 1, 8).ids());
    }

    static List<SampledCodec> drawn() {
        double temperature = 1.3;
        return List.of(
                new SampledCodec(temperature, 1, false, 5),
                new SampledCodec(temperature, 12, false, 5),
                new SampledCodec(temperature, 50, false, 5),
                new SampledCodec(temperature, 12, true, 5));
    }

    /**
     * Mean of the weights over M independent positions against p: the standard error of N draws is sqrt(p (1 - p) / (N
     * M)), and less for those that are spread evenly; five of them are passed once in 1.7 million, and the
     * draws are fixed by their seed.
     */
    @ParameterizedTest
    @MethodSource("drawn")
    void weightsAreUnbiased(SampledCodec codec) {
        int vocabSize = 40;
        int rows = 50;
        int numSequences = 400;
        float[] one = logits(9, 1, vocabSize, 2.5);
        one[7] = -300; // too improbable to be drawn, and its float is zero
        float[] teacher = new float[rows * vocabSize];
        for (int t = 0; t < rows; t++) {
            System.arraycopy(one, 0, teacher, t * vocabSize, vocabSize);
        }
        double[] mean = new double[vocabSize];
        for (int s = 0; s < numSequences; s++) {
            SoftLabels.Sampled targets = codec.decode(encode(codec, teacher, rows, vocabSize, s), rows, vocabSize);
            for (int i = 0; i < targets.ids().length; i++) {
                if (targets.ids()[i] >= 0) {
                    mean[targets.ids()[i]] += targets.weights()[i] / (rows * numSequences);
                }
            }
        }
        double[] p = logSoftmax(one, 0, vocabSize, codec.temperature());
        for (int i = 0; i < vocabSize; i++) {
            double probability = Math.exp(p[i]);
            double error =
                    Math.sqrt(probability * (1 - probability) / ((double) codec.numSamples() * rows * numSequences));
            assertEquals(probability, mean[i], 5 * error + 1e-9, "id " + i);
        }
        assertEquals(0, mean[7]);
    }

    /** Squared distance of one position's weights from the teacher's distribution, on average. */
    private static double noise(SampledCodec codec) {
        int vocabSize = 60;
        float[] teacher = logits(3, 1, vocabSize, 2.5);
        double[] p = logSoftmax(teacher, 0, vocabSize, codec.temperature());
        double sum = 0;
        for (int s = 0; s < 300; s++) {
            SoftLabels.Sampled targets = codec.decode(encode(codec, teacher, 1, vocabSize, s), 1, vocabSize);
            double[] error = Arrays.stream(p).map(Math::exp).toArray();
            for (int i = 0; i < targets.k(); i++) {
                error[targets.ids()[i]] -= targets.weights()[i];
            }
            sum += Arrays.stream(error).map(e -> e * e).sum() / 300;
        }
        return sum;
    }

    @Test
    void evenDrawsHaveLessNoise() {
        double independent = noise(new SampledCodec(1, 12, false, 5));
        double even = noise(new SampledCodec(1, 12, true, 5));
        assertTrue(even < 0.8 * independent, even + " of " + independent);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,3,1", "7,300,12", "3,4000,300", "4,2,1000"})
    void sampledRowsAreDistinctAscendingIdsWhoseCountsAreN(int rows, int vocabSize, int numSamples) {
        sampledRow(new SampledCodec(1, numSamples, false, 8), rows, vocabSize);
        sampledRow(new SampledCodec(1, numSamples, true, 8), rows, vocabSize);
    }

    private static void sampledRow(SampledCodec codec, int rows, int vocabSize) {
        float[] teacher = logits(4, rows, vocabSize, 2);
        SoftLabels.Sampled targets = codec.decode(encode(codec, teacher, rows, vocabSize, 3), rows, vocabSize);
        for (int t = 0; t < rows; t++) {
            double sum = 0;
            int previous = -1;
            for (int i = t * targets.k(); i < (t + 1) * targets.k() && targets.ids()[i] >= 0; i++) {
                assertTrue(targets.ids()[i] > previous && targets.ids()[i] < vocabSize);
                previous = targets.ids()[i];
                double count = targets.weights()[i] * codec.numSamples();
                assertEquals(Math.rint(count), count, 1e-4);
                assertTrue(count > 0.5);
                sum += count;
            }
            assertEquals(codec.numSamples(), sum, 1e-3);
        }
    }

    @Test
    void aDistributionOnOneTokenIsAlwaysDrawnWhole() {
        float[] teacher = new float[3 * 20];
        Arrays.fill(teacher, -1e30f);
        teacher[19] = teacher[20] = teacher[45] = 0;
        SampledCodec codec = new SampledCodec(1, 50, false, 1);
        SoftLabels.Sampled targets = codec.decode(encode(codec, teacher, 3, 20, 0), 3, 20);
        assertEquals(1, targets.k());
        assertArrayEquals(new int[] {19, 0, 5}, targets.ids());
        assertArrayEquals(new float[] {1, 1, 1}, targets.weights());
    }

    @Test
    void drawsFollowFromSeedSequenceAndPosition() {
        float[] one = logits(3, 1, 500, 1);
        float[] teacher = new float[2 * 500];
        System.arraycopy(one, 0, teacher, 0, 500);
        System.arraycopy(one, 0, teacher, 500, 500);
        SampledCodec codec = new SampledCodec(1, 20, false, 77);
        byte[] bytes = encode(codec, teacher, 2, 500, 6);
        assertArrayEquals(bytes, encode(codec, teacher, 2, 500, 6));
        assertFalse(Arrays.equals(bytes, encode(codec, teacher, 2, 500, 7)));
        assertFalse(Arrays.equals(bytes, encode(new SampledCodec(1, 20, false, 78), teacher, 2, 500, 6)));
        SoftLabels.Sampled targets = codec.decode(bytes, 2, 500);
        SoftLabels.Sampled first = targets.rows(0, 1);
        SoftLabels.Sampled second = targets.rows(1, 2);
        assertFalse(Arrays.equals(first.ids(), second.ids()), "positions draw on their own");
    }

    @Test
    void rowsMayComeInChunksOfAnySize() {
        int rows = 7;
        int vocabSize = 31;
        float[] teacher = logits(6, rows, vocabSize, 2);
        double[] said = TeacherLogits.probabilities(teacher, rows, 1.5).toDoubles(); // (T, V)
        double[] wide = new double[rows * (vocabSize + 2)];
        for (int i = 0; i < said.length; i++) {
            wide[i / vocabSize * (vocabSize + 2) + 1 + i % vocabSize] = said[i];
        }
        for (ElementType type : List.of(ElementType.FLOAT, ElementType.DOUBLE)) {
            Tensor view = Tensors.of(type, rows, vocabSize + 2, wide).cols(1, 1 + vocabSize); // (T, V)
            for (TargetCodec codec : codecs()) {
                byte[] whole = encode(codec, teacher, rows, vocabSize, 5);
                TargetEncoder encoder = codec.encoder(rows, vocabSize, 5);
                encoder.add(view.rows(0, 2));
                encoder.add(view.rows(2, 2));
                encoder.add(view.rows(2, 7));
                assertArrayEquals(whole, encoder.finish(), codec.toString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void logitsThatAreNoNumbersAreRefusedWithTheirPlace(float wrong) {
        float[] teacher = logits(6, 4, 10, 2);
        teacher[2 * 10 + 3] = wrong;
        for (TargetCodec codec : codecs()) {
            UserException e = assertThrows(UserException.class, () -> encode(codec, teacher, 4, 10, 81));
            assertTrue(e.getMessage().contains("position 2 of sequence 81"), e.getMessage());
        }
        Tensor twice = Tensors.of(ElementType.FLOAT, 1, 2, 1, 1);
        assertThrows(
                UserException.class, () -> new TopKCodec(1, 1).encoder(1, 2, 0).add(twice));
    }

    @Test
    void aSequenceMustHaveAllItsRowsAndNoMore() {
        TargetEncoder encoder = new TopKCodec(1, 2).encoder(2, 10, 0);
        encoder.add(TeacherLogits.probabilities(logits(1, 1, 10, 1), 1, 1));
        assertThrows(IllegalStateException.class, encoder::finish);
        Tensor nine = TeacherLogits.probabilities(logits(1, 1, 9, 1), 1, 1); // (1, 9)
        Tensor two = TeacherLogits.probabilities(logits(1, 2, 10, 1), 2, 1); // (2, V)
        assertThrows(IllegalArgumentException.class, () -> encoder.add(nine));
        assertThrows(IllegalArgumentException.class, () -> encoder.add(two));
    }

    @Test
    void settingsMakeTheCodecAgainAndWrongOnesAreRefused() {
        for (TargetCodec codec : codecs()) {
            assertEquals(codec, TargetCodec.of(codec.settings()::get));
        }
        UserException unknown = assertThrows(
                ConfigException.class, () -> TargetCodec.of(Map.of("codec", "topp", "temperature", "1")::get));
        assertTrue(unknown.getMessage().contains("dense, topk, sampled"), unknown.getMessage());
        assertThrows(ConfigException.class, () -> new DenseCodec(0));
        assertThrows(ConfigException.class, () -> new TopKCodec(1, 0));
        assertThrows(ConfigException.class, () -> new SampledCodec(1, 0, false, 0));
        assertThrows(ConfigException.class, () -> new TopKCodec(1, 11).encoder(3, 10, 0));
        UserException big = assertThrows(ConfigException.class, () -> new DenseCodec(1).encoder(2048, 128_256, 0));
        assertTrue(big.getMessage().contains("sampled"), big.getMessage());
    }
}
