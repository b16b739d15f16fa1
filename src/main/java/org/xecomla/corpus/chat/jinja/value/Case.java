package org.xecomla.corpus.chat.jinja.value;

import java.util.Locale;

/** Upper and lower case, and what counts as a digit, as Python's str has them. */
public final class Case {
    private static final int SIGMA = 'Σ';
    private static final int FINAL_SIGMA = 'ς';
    private static final int DOTTED_I = 'İ';
    /** Digits that are no decimal digits: superscripts, in circles and so on, as pairs of first and last. */
    private static final int[] OTHER_DIGITS = {
        0xB2, 0xB3, 0xB9, 0xB9, 0x1369, 0x1371, 0x19DA, 0x19DA, 0x2070, 0x2070, 0x2074, 0x2079, 0x2080, 0x2089, 0x2460,
        0x2468, 0x2474, 0x247C, 0x2488, 0x2490, 0x24EA, 0x24EA, 0x24F5, 0x24FD, 0x24FF, 0x24FF, 0x2776, 0x277E, 0x2780,
        0x2788, 0x278A, 0x2792, 0x10A40, 0x10A43, 0x10E60, 0x10E68, 0x11052, 0x1105A, 0x1F100, 0x1F10A
    };
    /** Punctuation that Unicode looks through where it asks what letters are beside. */
    private static final String IGNORABLE_PUNCTUATION =
            "'.:·\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A^`¨\u00AD¯´¸";

    private Case() {}

    public static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    public static String lower(String text) {
        int[] codePoints = text.codePoints().toArray();
        StringBuilder lower = new StringBuilder(text.length());
        for (int i = 0; i < codePoints.length; i++) {
            appendLower(codePoints, i, lower);
        }
        return lower.toString();
    }

    private static void appendLower(int[] text, int i, StringBuilder lower) {
        if (text[i] == SIGMA) {
            lower.appendCodePoint(endsWord(text, i) ? FINAL_SIGMA : 'σ');
        } else if (text[i] == DOTTED_I) {
            lower.append("i\u0307");
        } else {
            lower.appendCodePoint(Character.toLowerCase(text[i]));
        }
    }

    /** Whether there is a letter before and none after, nothing but what is looked through between. */
    private static boolean endsWord(int[] text, int i) {
        int before = i - 1;
        while (before >= 0 && isIgnorable(text[before])) {
            before--;
        }
        int after = i + 1;
        while (after < text.length && isIgnorable(text[after])) {
            after++;
        }
        return before >= 0 && isCased(text[before]) && !(after < text.length && isCased(text[after]));
    }

    private static boolean isIgnorable(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.FORMAT,
                    Character.MODIFIER_LETTER,
                    Character.MODIFIER_SYMBOL -> true;
            default -> IGNORABLE_PUNCTUATION.indexOf(c) >= 0;
        };
    }

    private static boolean isCased(int c) {
        return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
    }

    /** The first character as in a title, the others in lower case. */
    public static String capitalize(String text) {
        int[] codePoints = text.codePoints().toArray();
        StringBuilder capitalized = new StringBuilder(text.length());
        for (int i = 0; i < codePoints.length; i++) {
            if (i == 0) {
                capitalized.append(title(codePoints[0]));
            } else {
                appendLower(codePoints, i, capitalized);
            }
        }
        return capitalized.toString();
    }

    /** Every character as in a title that has no letter before it. */
    public static String title(String text) {
        int[] codePoints = text.codePoints().toArray();
        StringBuilder title = new StringBuilder(text.length());
        for (int i = 0; i < codePoints.length; i++) {
            if (i > 0 && isCased(codePoints[i - 1])) {
                appendLower(codePoints, i, title);
            } else {
                title.append(title(codePoints[i]));
            }
        }
        return title.toString();
    }

    private static String title(int c) {
        int simple = Character.toTitleCase(c);
        String single = Character.toString(c);
        String upper = single.toUpperCase(Locale.ROOT);
        if (simple != c || Character.isTitleCase(c) || upper.codePointCount(0, upper.length()) == 1) {
            return Character.toString(simple);
        }
        // Only the first of several stays large; a Greek iota goes below it, and an apostrophe before it is none.
        int end = upper.offsetByCodePoints(0, c == 'ŉ' ? 2 : 1);
        return upper.substring(0, end)
                + upper.substring(end).replace('Ι', '\u0345').toLowerCase(Locale.ROOT);
    }

    public static boolean isDigit(int c) {
        for (int i = 0; i < OTHER_DIGITS.length; i += 2) {
            if (c >= OTHER_DIGITS[i] && c <= OTHER_DIGITS[i + 1]) {
                return true;
            }
        }
        return Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER;
    }

    public static boolean isAlphanumeric(int c) {
        return Character.isLetter(c)
                || switch (Character.getType(c)) {
                    case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
                    default -> false;
                };
    }

    public static boolean isUpper(String text) {
        return text.codePoints().anyMatch(Character::isUpperCase)
                && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
    }

    public static boolean isLower(String text) {
        return text.codePoints().anyMatch(Character::isLowerCase)
                && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
    }
}
