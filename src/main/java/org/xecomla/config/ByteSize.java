package org.xecomla.config;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes of files as Hugging Face writes them: 5GB, 500MB, 2GiB, or bytes. */
public final class ByteSize {
    private static final Pattern SIZE = Pattern.compile("([1-9]\\d{0,15})([KMG]i?B|)");
    private static final Map<String, Long> UNITS = Map.of(
            "",
            1L,
            "KB",
            1_000L,
            "MB",
            1_000_000L,
            "GB",
            1_000_000_000L,
            "KiB",
            1L << 10,
            "MiB",
            1L << 20,
            "GiB",
            1L << 30);

    private ByteSize() {}

    /** As people write it: in the largest unit of 1024 that leaves no rest. */
    public static String describe(long bytes) {
        return bytes % (1 << 20) == 0
                ? (bytes >> 20) + " MiB"
                : bytes % (1 << 10) == 0 ? (bytes >> 10) + " KiB" : bytes + " bytes";
    }

    /** @throws NumberFormatException where {@code text} is no size above 0 */
    public static long parse(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            throw new NumberFormatException("no size: " + text);
        }
        try {
            return Math.multiplyExact(Long.parseLong(size.group(1)), UNITS.get(size.group(2)));
        } catch (ArithmeticException e) {
            throw new NumberFormatException("too large a size: " + text);
        }
    }
}
