package org.xecomla.corpus.chat.jinja.syntax;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xecomla.corpus.chat.jinja.syntax.Token.Kind;
import org.xecomla.corpus.chat.jinja.value.CodePoints;
import org.xecomla.corpus.chat.jinja.value.Position;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/**
 * Splits a template into {@link Token}s. What Jinja2 does to blanks is done here: line ends become line feeds, one at
 * the end of the template goes; after a block or a comment goes the line feed that follows (trim_blocks), before them
 * the blanks that begin their line (lstrip_blocks); a minus in a tag takes all white space on its side, a plus keeps
 * it.
 */
final class Lexer {
    private final String source;
    private final int[] lineStarts;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    /** Whether what comes begins a line, as far as lstrip_blocks is concerned. */
    private boolean beginsLine = true;

    private Lexer(String source) {
        this.source = source;
        this.lineStarts = lineStarts(source);
    }

    /** @throws TemplateError with its place, where the template is no template */
    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        lexer.readAll();
        return List.copyOf(lexer.tokens);
    }

    private static int[] lineStarts(String source) {
        List<Integer> starts = new ArrayList<>(List.of(0));
        for (int i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) {
            starts.add(i + 1);
        }
        return starts.stream().mapToInt(Integer::intValue).toArray();
    }

    private Position position(int offset) {
        int found = Arrays.binarySearch(lineStarts, offset);
        int line = found >= 0 ? found : -found - 2;
        return new Position(line + 1, offset - lineStarts[line] + 1);
    }

    private TemplateError wrong(String what, int offset) {
        return new TemplateError(what, position(offset));
    }

    private void add(Kind kind, String text, Object value, int offset) {
        tokens.add(new Token(kind, text, value, position(offset)));
    }

    private void readAll() {
        while (at < source.length()) {
            int tag = nextTag(at);
            if (tag < 0) {
                add(Kind.DATA, source.substring(at), null, at);
                break;
            }
            readTag(tag);
        }
        add(Kind.END, "", null, source.length());
    }

    private int nextTag(int from) {
        for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
            if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private void readTag(int tag) {
        char kind = source.charAt(tag + 1);
        char sign = signAt(tag + 2);
        addData(at, tag, sign, kind != '{');
        at = tag + (sign == 0 ? 2 : 3);
        int raw = kind == '%' ? rawBegin(at) : -1;
        if (kind == '#') {
            skipComment(tag);
        } else if (raw >= 0) {
            at = raw;
            beginsLine = endsWithLineFeed();
            readRaw(tag);
        } else {
            add(kind == '%' ? Kind.BLOCK_BEGIN : Kind.VARIABLE_BEGIN, "", null, tag);
            TagReader reader = new TagReader(source, at, kind == '%' ? '%' : '}', this::position);
            at = reader.read(tokens, tag);
        }
        beginsLine = endsWithLineFeed();
    }

    private boolean endsWithLineFeed() {
        return source.charAt(at - 1) == '\n';
    }

    /** The sign of a tag, 0 for none. */
    private char signAt(int offset) {
        boolean signed = offset < source.length() && "-+".indexOf(source.charAt(offset)) >= 0;
        return signed ? source.charAt(offset) : 0;
    }

    private void addData(int from, int to, char sign, boolean isBlock) {
        String data = source.substring(from, to);
        if (sign == '-') {
            data = CodePoints.strip(data, null, false, true);
        } else if (sign == 0 && isBlock) {
            int line = data.lastIndexOf('\n') + 1;
            if ((line > 0 || beginsLine) && CodePoints.isBlank(data.substring(line))) {
                data = data.substring(0, line);
            }
        }
        if (!data.isEmpty()) {
            add(Kind.DATA, data, null, from);
        }
    }

    private void skipComment(int tag) {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw wrong("a comment that is never closed", tag);
        }
        boolean trims = end > at && source.charAt(end - 1) == '-';
        boolean keeps = end > at && source.charAt(end - 1) == '+';
        at = afterEnd(end + 2, trims, keeps);
    }

    /** Past what a tag's end takes with it. */
    private int afterEnd(int end, boolean trims, boolean keeps) {
        return TagReader.afterEnd(source, end, trims, keeps);
    }

    /** The place after {@code raw %}} where that is what follows the beginning of a block, else -1. */
    private int rawBegin(int offset) {
        int end = wordEnd(offset, "raw");
        if (end >= 0 && source.startsWith("-%}", end)) {
            return CodePoints.skipSpace(source, end + 3);
        }
        return end >= 0 && source.startsWith("%}", end) ? end + 2 : -1;
    }

    /** The place after a word and the white space around it, -1 where it does not stand there. */
    private int wordEnd(int offset, String word) {
        int start = CodePoints.skipSpace(source, offset);
        return source.startsWith(word, start) ? CodePoints.skipSpace(source, start + word.length()) : -1;
    }

    private void readRaw(int tag) {
        for (int i = source.indexOf("{%", at); i >= 0; i = source.indexOf("{%", i + 1)) {
            char sign = signAt(i + 2);
            int end = wordEnd(i + (sign == 0 ? 2 : 3), "endraw");
            if (end >= 0) {
                boolean trims = source.startsWith("-%}", end);
                boolean keeps = source.startsWith("+%}", end);
                if (trims || keeps || source.startsWith("%}", end)) {
                    addData(at, i, sign, true);
                    at = afterEnd(end + (trims || keeps ? 3 : 2), trims, keeps);
                    return;
                }
            }
        }
        throw wrong("a raw block that is never closed", tag);
    }
}
