package org.xecomla.tensor;

/**
 * Random numbers addressed by a key and a counter, without state: the same address gives the same number on every
 * machine, in any order, however often a task is retried. The mixing function is SplitMix64's (Steele, Lea and Flood
 * 2014).
 */
public final class CounterRandom {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private CounterRandom() {}

    /** One key from several numbers, commonly a seed and what is to be drawn for; their order matters. */
    public static long key(long... parts) {
        long key = 0;
        for (long part : parts) {
            key = mix(key + mix(part));
        }
        return key;
    }

    /** 64 random bits. */
    public static long bits(long key, long counter) {
        return mix(key + counter * GOLDEN_GAMMA);
    }

    /** A number in [0, 1), a multiple of 2^-53. */
    public static double uniform(long key, long counter) {
        return (bits(key, counter) >>> 11) * 0x1p-53;
    }

    private static long mix(long z) {
        long x = z + GOLDEN_GAMMA;
        x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
        x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
        return x ^ (x >>> 31);
    }
}
