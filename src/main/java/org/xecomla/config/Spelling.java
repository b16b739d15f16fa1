package org.xecomla.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the name that was probably meant. */
final class Spelling {
    /** What it costs that a name stands in the wrong section. */
    private static final int ELSEWHERE = 2;

    private Spelling() {}

    /** The nearest of {@code known} by edits of single letters, if it is near; the right name in another section is. */
    static Optional<String> nearest(String name, Collection<String> known) {
        int limit = Math.max(2, name.length() / 3);
        return known.stream()
                .min(Comparator.comparingInt((String candidate) -> distance(name, candidate))
                        .thenComparing(Comparator.naturalOrder()))
                .filter(candidate -> distance(name, candidate) <= limit);
    }

    private static int distance(String name, String candidate) {
        int atItsPlace = edits(name, candidate);
        int lastName = edits(last(name), last(candidate));
        boolean alike = last(name).length() >= 3 && lastName <= last(name).length() / 3;
        return alike ? Math.min(atItsPlace, ELSEWHERE + lastName) : atItsPlace;
    }

    private static String last(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    /** Levenshtein's distance. */
    static int edits(String a, String b) {
        int[] above = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            above[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(above[j], row[j - 1]) + 1);
            }
            above = row;
        }
        return above[b.length()];
    }
}
