package org.xecomla.targets;

import java.util.Arrays;

/** Binary range coder with carry (Martin 1979, in the form of LZMA): the inverse of {@link BitDecoder}. */
final class BitEncoder implements BitCoder {
    private static final long TOP = 1L << 32;
    private static final long LEAST_RANGE = 1L << 24;

    private byte[] bytes = new byte[1 << 12];
    private int length;
    private long low; // below 2^33: the 33rd bit is a carry
    private long range = TOP - 1;
    private int held = 0xFF; // the last byte that no carry can have passed yet, and the 0xFF behind it
    private long numHeld;

    @Override
    public int bit(BitModels models, int context, int bit) {
        long ones = (range >>> 16) * models.probability(context);
        if (bit == 0) {
            low += ones;
            range -= ones;
        } else {
            range = ones;
        }
        models.update(context, bit);
        normalise();
        return bit;
    }

    @Override
    public int direct(int value, int numBits) {
        range >>>= numBits;
        low += range * (value & (1 << numBits) - 1);
        normalise();
        return value;
    }

    private void normalise() {
        while (range < LEAST_RANGE) {
            range <<= 8;
            shift();
        }
    }

    private void shift() {
        if (low < 0xFF00_0000L || low >= TOP) {
            int carry = (int) (low >>> 32);
            for (; numHeld > 0; numHeld--) {
                put(held + carry);
                held = 0xFF;
            }
            held = (int) (low >>> 24) & 0xFF;
        }
        numHeld++;
        low = (low & 0x00FF_FFFFL) << 8;
    }

    private void put(int b) {
        if (length == bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.multiplyExact(length, 2));
        }
        bytes[length++] = (byte) b;
    }

    /** The record; nothing may be coded afterwards. */
    byte[] toBytes() {
        low = low + LEAST_RANGE - 1 & -LEAST_RANGE; // still inside the range, and ends in zeros
        for (int i = 0; i < 5; i++) {
            shift();
        }
        int end = length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--; // the decoder reads zeros behind the end
        }
        return Arrays.copyOf(bytes, end);
    }
}
