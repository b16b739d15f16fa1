package org.xecomla.corpus.chat.jinja.syntax;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.xecomla.corpus.chat.jinja.syntax.Token.Kind;
import org.xecomla.corpus.chat.jinja.value.CodePoints;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.Position;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/** The inside of one tag, from after its beginning to past its end. */
final class TagReader {
    private static final Pattern FLOAT = Pattern.compile(
            "(?:[0-9]+_)*[0-9]+(?:(?:\\.(?:[0-9]+_)*[0-9]+)?[eE][+-]?(?:[0-9]+_)*[0-9]+|\\.(?:[0-9]+_)*[0-9]+)");
    private static final Pattern INTEGER =
            Pattern.compile("0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*");
    /** The longer ones first. */
    private static final List<String> OPERATORS = List.of(
            "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
            "=", ".", ":", "|", ",", ";");
    /** What java.util.regex can match without going deep. */
    private static final int MAX_NUMBER = 200;

    private final String source;
    private final IntFunction<Position> positions;
    /** The first character of the tag's end. */
    private final char end;

    private final Deque<Character> closing = new ArrayDeque<>();
    private int at;

    TagReader(String source, int at, char end, IntFunction<Position> positions) {
        this.source = source;
        this.at = at;
        this.end = end;
        this.positions = positions;
    }

    /** Past the white space, or the line feed, that the end of a block or a comment takes with it. */
    static int afterEnd(String source, int end, boolean trims, boolean keeps) {
        if (trims) {
            return CodePoints.skipSpace(source, end);
        }
        return !keeps && source.startsWith("\n", end) ? end + 1 : end;
    }

    /**
     * Adds the tag's tokens, its end included.
     *
     * @param begin where the tag begins
     * @return the place after it
     */
    int read(List<Token> tokens, int begin) {
        while (at < source.length()) {
            int after = closing.isEmpty() ? afterTag() : -1;
            if (after >= 0) {
                tokens.add(token(end == '%' ? Kind.BLOCK_END : Kind.VARIABLE_END, "", null));
                return after;
            }
            if (CodePoints.isSpace(source.charAt(at))) {
                at = CodePoints.skipSpace(source, at);
            } else {
                tokens.add(next());
            }
        }
        throw new TemplateError("a tag that is never closed", positions.apply(begin));
    }

    /** The place after the tag where its end stands here, else -1. */
    private int afterTag() {
        char sign = source.charAt(at);
        boolean signed = sign == '-' || (sign == '+' && end == '%');
        if (!source.startsWith(end + "}", signed ? at + 1 : at)) {
            return -1;
        }
        int after = at + (signed ? 3 : 2);
        // Only blocks take the line feed after them; of variables, only a minus takes anything.
        return afterEnd(source, after, sign == '-', sign == '+' || end != '%');
    }

    private Token token(Kind kind, String text, Object value) {
        return new Token(kind, text, value, positions.apply(at));
    }

    private Token next() {
        char first = source.charAt(at);
        if (first >= '0' && first <= '9') {
            return number();
        }
        if (isNamePart(first)) {
            int after = at;
            while (after < source.length() && isNamePart(source.charAt(after))) {
                after++;
            }
            String name = source.substring(at, after);
            return advance(token(Kind.NAME, name, null), name);
        }
        return first == '\'' || first == '"' ? string() : operator();
    }

    private static boolean isNamePart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
    }

    private Token number() {
        boolean afterDot = at > 0 && source.charAt(at - 1) == '.';
        String real = afterDot ? null : number(FLOAT);
        if (real != null) {
            double value = Double.parseDouble(real.replace("_", ""));
            if (Double.isInfinite(value)) {
                throw wrong("a number that is too large");
            }
            return advance(token(Kind.NUMBER, real, value), real);
        }
        String integer = number(INTEGER);
        return advance(token(Kind.NUMBER, integer, integer(integer.replace("_", ""))), integer);
    }

    private Token string() {
        int close = at + 1;
        while (close < source.length() && source.charAt(close) != source.charAt(at)) {
            close += source.charAt(close) == '\\' ? 2 : 1;
        }
        if (close >= source.length()) {
            throw wrong("a string that is never closed");
        }
        String quoted = source.substring(at, close + 1);
        String content = quoted.substring(1, quoted.length() - 1);
        String value;
        try {
            value = Escapes.resolve(content);
        } catch (TemplateError e) {
            throw e.at(positions.apply(at));
        }
        return advance(token(Kind.STRING, content, value), quoted);
    }

    private Token operator() {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                balance(operator);
                return advance(token(Kind.OPERATOR, operator, null), operator);
            }
        }
        throw wrong("\"" + Character.toString(source.codePointAt(at)) + "\" has no meaning in a tag");
    }

    private void balance(String operator) {
        switch (operator) {
            case "(" -> closing.push(')');
            case "[" -> closing.push(']');
            case "{" -> closing.push('}');
            case ")", "]", "}" -> {
                if (closing.isEmpty() || closing.pop() != operator.charAt(0)) {
                    throw wrong("\"" + operator + "\" closes nothing");
                }
            }
            default -> {}
        }
    }

    private Object integer(String digits) {
        int radix = digits.length() < 2
                ? 10
                : switch (Character.toLowerCase(digits.charAt(1))) {
                    case 'x' -> 16;
                    case 'o' -> 8;
                    case 'b' -> 2;
                    default -> 10;
                };
        return Numbers.normal(new BigInteger(radix == 10 ? digits : digits.substring(2), radix));
    }

    /** Null where there is none. */
    private String number(Pattern pattern) {
        Matcher matcher = pattern.matcher(source).region(at, Math.min(source.length(), at + MAX_NUMBER));
        if (!matcher.lookingAt()) {
            return null;
        }
        if (matcher.end() == at + MAX_NUMBER) {
            throw wrong("a number that is too long");
        }
        return matcher.group();
    }

    private Token advance(Token token, String spelling) {
        at += spelling.length();
        return token;
    }

    private TemplateError wrong(String what) {
        return new TemplateError(what, positions.apply(at));
    }
}
