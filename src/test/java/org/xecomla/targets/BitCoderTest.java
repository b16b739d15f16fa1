package org.xecomla.targets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitCoderTest {
    /** Everything there is, in a random order that both directions follow. */
    private static void walk(BitCoder coder, Random random, int numSymbols, boolean check) {
        BitModels models = new BitModels(64);
        for (int i = 0; i < numSymbols; i++) {
            int kind = random.nextInt(4);
            int numBits = kind == 0 ? random.nextInt(17) : 1 + random.nextInt(5);
            int value = kind == 3 ? (1 << numBits) - 1 : random.nextInt(1 << numBits); // long runs of ones carry
            int coded = kind == 0 ? coder.direct(value, numBits) : coder.tree(models, 0, numBits, check ? 0 : value);
            if (check) {
                assertEquals(value, coded, "symbol " + i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 10, 1000, 200_000})
    void whatGoesInComesOut(int numSymbols) {
        for (int seed = 0; seed < (numSymbols > 1000 ? 2 : 300); seed++) {
            BitEncoder out = new BitEncoder();
            walk(out, new Random(seed), numSymbols, false);
            walk(new BitDecoder(out.toBytes()), new Random(seed), numSymbols, true);
        }
    }

    /** Low bits that are all ones hold bytes back until the carry is known. */
    @Test
    void carriesPassThroughHeldBytes() {
        for (int last : new int[] {0, 0xFFFF}) {
            BitEncoder out = new BitEncoder();
            for (int i = 0; i < 50; i++) {
                out.direct(0xFFFF, 16);
            }
            out.direct(last, 16);
            BitDecoder in = new BitDecoder(out.toBytes());
            for (int i = 0; i < 50; i++) {
                assertEquals(0xFFFF, in.direct(0, 16));
            }
            assertEquals(last, in.direct(0, 16));
        }
    }

    /** 100,000 decisions of probability 0.1 have an entropy of 46,900 bits. */
    @Test
    void aDecisionCostsItsEntropy() {
        Random random = new Random(4);
        BitModels models = new BitModels(1);
        BitEncoder out = new BitEncoder();
        for (int i = 0; i < 100_000; i++) {
            out.bit(models, 0, random.nextInt(10) == 0 ? 1 : 0);
        }
        int numBits = 8 * out.toBytes().length;
        assertTrue(numBits > 46_000 && numBits < 47_600, numBits + " bits");
    }

    @ParameterizedTest
    @ValueSource(floats = {1, 0.99f, 0.5f, 1e-3f, 3e-9f, 1e-12f, 0})
    void probabilitiesAreRoundedInTheirLogarithm(float probability) {
        BitEncoder out = new BitEncoder();
        float rounded = new RecordCoder(out).probability(probability);
        assertEquals(rounded, new RecordCoder(new BitDecoder(out.toBytes())).probability(0));
        assertEquals(probability < 1e-9 ? 0 : probability, rounded, 3.4e-4 * probability);
    }
}
