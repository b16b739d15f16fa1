package org.xecomla.targets;

/** Takes a record apart: the inverse of {@link BitEncoder}. Behind the record's end it reads zeros. */
final class BitDecoder implements BitCoder {
    private static final long LEAST_RANGE = 1L << 24;

    private final byte[] bytes;
    private int at;
    private long range = (1L << 32) - 1;
    private long code; // where in the range the record lies

    BitDecoder(byte[] record) {
        bytes = record;
        for (int i = 0; i < 4; i++) {
            code = code << 8 | next();
        }
    }

    @Override
    public int bit(BitModels models, int context, int ignored) {
        long ones = (range >>> 16) * models.probability(context);
        int bit;
        if (code < ones) {
            range = ones;
            bit = 1;
        } else {
            code -= ones;
            range -= ones;
            bit = 0;
        }
        models.update(context, bit);
        normalise();
        return bit;
    }

    @Override
    public int direct(int ignored, int numBits) {
        range >>>= numBits;
        int value = (int) (code / range);
        if (value >>> numBits != 0) {
            throw new IllegalArgumentException("a record of " + bytes.length + " bytes is not one of this codec");
        }
        code -= range * value;
        normalise();
        return value;
    }

    private void normalise() {
        while (range < LEAST_RANGE) {
            range <<= 8;
            code = code << 8 | next();
        }
    }

    private int next() {
        return at < bytes.length ? bytes[at++] & 0xFF : 0;
    }
}
