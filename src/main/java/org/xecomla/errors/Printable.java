package org.xecomla.errors;

import java.util.regex.Pattern;

/** Text from files, made fit for a terminal: what would steer it is shown instead. */
public final class Printable {
    private static final Pattern STEERS = Pattern.compile("[\\p{Cc}&&[^\\n\\r\\t]]|[\\u202A-\\u202E\\u2066-\\u2069]");

    private Printable() {}

    /** {@code text} with control characters and marks that turn its direction as {@code \}{@code uXXXX}. */
    public static String of(String text) {
        return STEERS.matcher(text)
                .replaceAll(
                        found -> String.format("\\\\u%04x", (int) found.group().charAt(0)));
    }
}
