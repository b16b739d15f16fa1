package org.xecomla.corpus.chat.jinja.syntax;

import org.xecomla.corpus.chat.jinja.value.TemplateError;

/** What stands after a backslash in a string of a template. */
final class Escapes {
    private static final String NAMED = "\\'\"abfnrtv";
    private static final String MEANT = "\\'\"\u0007\b\f\n\r\t\u000B";

    private Escapes() {}

    static String resolve(String content) {
        if (content.indexOf('\\') < 0) {
            return content;
        }
        StringBuilder text = new StringBuilder(content.length());
        for (int i = 0; i < content.length(); ) {
            char c = content.charAt(i);
            if (c == '\\') {
                i = append(content, i + 1, text);
            } else {
                text.append(c);
                i++;
            }
        }
        return text.toString();
    }

    /** @param i of the character after the backslash */
    private static int append(String content, int i, StringBuilder text) {
        char c = content.charAt(i);
        int named = NAMED.indexOf(c);
        if (named >= 0) {
            text.append(MEANT.charAt(named));
            return i + 1;
        }
        if (c >= '0' && c <= '7') {
            return appendNumber(content, i, numDigits(content, i, 3), 8, text);
        }
        return switch (c) {
            case '\n' -> i + 1;
            case 'x' -> appendNumber(content, i + 1, 2, 16, text);
            case 'u' -> appendNumber(content, i + 1, 4, 16, text);
            case 'U' -> appendNumber(content, i + 1, 8, 16, text);
            case 'N' -> throw new TemplateError("a character by its name in a string");
            default -> {
                if (c > '~') {
                    throw new TemplateError("a backslash before " + c + " in a string");
                }
                text.append('\\').append(c);
                yield i + 1;
            }
        };
    }

    private static int numDigits(String content, int from, int most) {
        int i = from;
        while (i < content.length() && i < from + most && content.charAt(i) >= '0' && content.charAt(i) <= '7') {
            i++;
        }
        return i - from;
    }

    private static int appendNumber(String content, int from, int numDigits, int radix, StringBuilder text) {
        long value = 0;
        for (int i = from; i < from + numDigits; i++) {
            int digit =
                    i < content.length() && content.charAt(i) < 0x80 ? Character.digit(content.charAt(i), radix) : -1;
            if (digit < 0) {
                throw new TemplateError("an escape that is cut short in a string");
            }
            value = value * radix + digit;
        }
        if (value > Character.MAX_CODE_POINT
                || (value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE)) {
            throw new TemplateError("an escape that is no character in a string");
        }
        text.appendCodePoint((int) value);
        return from + numDigits;
    }
}
