package org.xecomla.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class DtypeTest {
    @Test
    void everyHalfSurvives() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = Dtype.halfToFloat((short) bits);
            if (Float.isNaN(value)) {
                assertTrue(Float.isNaN(Dtype.halfToFloat(Dtype.floatToHalf(value))));
            } else {
                assertEquals((short) bits, Dtype.floatToHalf(value), "half " + Integer.toHexString(bits));
            }
        }
        assertEquals(1f, Dtype.halfToFloat((short) 0x3C00));
        assertEquals(-2f, Dtype.halfToFloat((short) 0xC000));
        assertEquals(65504f, Dtype.halfToFloat((short) 0x7BFF));
        assertEquals(0x1p-24f, Dtype.halfToFloat((short) 1));
        assertEquals(Float.NEGATIVE_INFINITY, Dtype.halfToFloat((short) 0xFC00));
    }

    /** Halfway between two halves goes to the even one, and a hair to either side goes to the nearer. */
    @Test
    void halvesRoundToNearestTiesToEven() {
        for (int bits = 0; bits < 0x7BFF; bits++) {
            float low = Dtype.halfToFloat((short) bits);
            float high = Dtype.halfToFloat((short) (bits + 1));
            float middle = (low + high) / 2;
            int even = bits % 2 == 0 ? bits : bits + 1;
            assertEquals((short) even, Dtype.floatToHalf(middle), "above half " + Integer.toHexString(bits));
            assertEquals((short) bits, Dtype.floatToHalf(Math.nextDown(middle)));
            assertEquals((short) (bits + 1), Dtype.floatToHalf(Math.nextUp(middle)));
        }
        assertEquals((short) 0x7BFF, Dtype.floatToHalf(65519.996f));
        assertEquals((short) 0x7C00, Dtype.floatToHalf(65520f));
        assertEquals((short) 0xFC00, Dtype.floatToHalf(-1e9f));
        assertTrue(Dtype.BF16.holds(3.39e38));
        assertFalse(Dtype.BF16.holds(-0x1.FFp127), "rounds to infinity");
        assertTrue(Dtype.F32.holds(Float.MAX_VALUE));
        assertFalse(Dtype.F32.holds(1e39));
        assertTrue(Dtype.F16.holds(65519.99));
        assertFalse(Dtype.F16.holds(-65520));
        assertTrue(Dtype.F16.holds(Double.POSITIVE_INFINITY));
        assertTrue(Dtype.BF16.holds(1e30));
    }

    @Test
    void bfloatsRoundToNearestTiesToEven() {
        Random random = new Random(5);
        for (int i = 0; i < 200_000; i++) {
            int bits = random.nextInt(0x7F7F) | (random.nextBoolean() ? 0x8000 : 0);
            float low = Float.intBitsToFloat(bits << 16);
            float middle = Float.intBitsToFloat(bits << 16 | 0x8000);
            int even = bits % 2 == 0 ? bits : bits + 1;
            assertEquals((short) bits, Dtype.floatToBfloat(low));
            assertEquals((short) even, Dtype.floatToBfloat(middle));
            assertEquals((short) bits, Dtype.floatToBfloat(Float.intBitsToFloat(bits << 16 | 0x7FFF)));
            assertEquals((short) (bits + 1), Dtype.floatToBfloat(Float.intBitsToFloat(bits << 16 | 0x8001)));
        }
        assertEquals((short) 0x7F80, Dtype.floatToBfloat(Float.MAX_VALUE));
        assertEquals((short) 0xFF80, Dtype.floatToBfloat(Float.NEGATIVE_INFINITY));
        assertTrue(Float.isNaN(Float.intBitsToFloat(Dtype.floatToBfloat(Float.intBitsToFloat(0x7F800001)) << 16)));
    }
}
