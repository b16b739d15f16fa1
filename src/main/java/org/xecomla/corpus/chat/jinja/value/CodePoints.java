package org.xecomla.corpus.chat.jinja.value;

import java.util.Iterator;

/** Strings as Python has them: of code points, not of UTF-16 units, and with its idea of white space. */
public final class CodePoints {
    private CodePoints() {}

    public static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** The i-th code point begins at this char; i from 0 to the length. */
    public static int offset(String text, int i) {
        return text.offsetByCodePoints(0, i);
    }

    public static String at(String text, int i) {
        return Character.toString(text.codePointAt(offset(text, i)));
    }

    static Iterator<Object> characters(String text) {
        return text.codePoints().mapToObj(c -> (Object) Character.toString(c)).iterator();
    }

    public static String reversed(String text) {
        StringBuilder reversed = new StringBuilder(text.length());
        for (int i = text.length(); i > 0; ) {
            int c = text.codePointBefore(i);
            reversed.appendCodePoint(c);
            i -= Character.charCount(c);
        }
        return reversed.toString();
    }

    /** By code points, which is not the order of UTF-16 units. */
    static int compare(String a, String b) {
        int common = Math.min(a.length(), b.length());
        for (int i = 0; i < common; i++) {
            if (a.charAt(i) != b.charAt(i)) {
                return Integer.compare(a.codePointAt(start(a, i)), b.codePointAt(start(b, i)));
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    private static int start(String text, int i) {
        boolean second =
                i > 0 && Character.isLowSurrogate(text.charAt(i)) && Character.isHighSurrogate(text.charAt(i - 1));
        return second ? i - 1 : i;
    }

    /** Python's {@code str.isspace} of one code point, all of them in the BMP. */
    public static boolean isSpace(int c) {
        return (c >= '\t' && c <= '\r')
                || (c >= 0x1C && c <= ' ')
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200A)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    /** The place of what is no white space, from here on. */
    public static int skipSpace(String text, int from) {
        int i = from;
        while (i < text.length() && isSpace(text.charAt(i))) {
            i++;
        }
        return i;
    }

    /** Where {@code str.splitlines} splits. */
    public static boolean endsLine(char c) {
        return (c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    /** @param characters to take away at both ends, null for white space */
    public static String strip(String text, String characters, boolean left, boolean right) {
        int start = 0;
        int end = text.length();
        while (left && start < end && isIn(text.codePointAt(start), characters)) {
            start += Character.charCount(text.codePointAt(start));
        }
        while (right && end > start && isIn(text.codePointBefore(end), characters)) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(start, end);
    }

    private static boolean isIn(int c, String characters) {
        return characters == null ? isSpace(c) : characters.indexOf(c) >= 0;
    }

    public static boolean isBlank(String text) {
        return text.chars().allMatch(CodePoints::isSpace);
    }
}
