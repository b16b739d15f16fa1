package org.xecomla.corpus.tokenizer;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Lines of everything that people write: scripts, pictographs, code, odd blanks, all normal forms. Seeded. */
final class MixedTexts {
    /** First and last characters of blocks, many of them younger than Java's or a library's tables. */
    private static final int[][] BLOCKS = {
        {0x20, 0x7E},
        {0xA1, 0xFF},
        {0x100, 0x24F},
        {0x250, 0x2FF},
        {0x300, 0x36F},
        {0x370, 0x3FF},
        {0x400, 0x52F},
        {0x531, 0x58F},
        {0x591, 0x5F4},
        {0x600, 0x6FF},
        {0x900, 0x97F},
        {0x980, 0x9FE},
        {0xB80, 0xBFA},
        {0xE01, 0xE5B},
        {0xE81, 0xEDF},
        {0xF00, 0xFDA},
        {0x1000, 0x109F},
        {0x10A0, 0x10FF},
        {0x1100, 0x11FF},
        {0x1200, 0x137C},
        {0x13A0, 0x13FD},
        {0x1780, 0x17F9},
        {0x1820, 0x18AA},
        {0x1C80, 0x1CBF},
        {0x1D00, 0x1D7F},
        {0x1E00, 0x1EFF},
        {0x1F00, 0x1FFE},
        {0x2010, 0x205E},
        {0x2070, 0x209C},
        {0x20A0, 0x20C0},
        {0x20D0, 0x20F0},
        {0x2100, 0x218B},
        {0x2190, 0x23FF},
        {0x2460, 0x27BF},
        {0x2C00, 0x2DFF},
        {0x2E80, 0x2FD5},
        {0x3001, 0x30FF},
        {0x3105, 0x31FF},
        {0x3400, 0x4DBF},
        {0x4E00, 0x9FFF},
        {0xA000, 0xA4C6},
        {0xA640, 0xA7FF},
        {0xAC00, 0xD7A3},
        {0xE000, 0xE0FF},
        {0xF900, 0xFAD9},
        {0xFB00, 0xFDFF},
        {0xFE00, 0xFE6B},
        {0xFF01, 0xFFEE},
        {0x10330, 0x1034A},
        {0x10D30, 0x10D8F},
        {0x11F00, 0x11F59},
        {0x16E40, 0x16EFF},
        {0x1B000, 0x1B16F},
        {0x1D400, 0x1D7FF},
        {0x1E030, 0x1E08F},
        {0x1E900, 0x1E95F},
        {0x1F000, 0x1F2FF},
        {0x1F300, 0x1F64F},
        {0x1F680, 0x1F6FF},
        {0x1F900, 0x1FAFF},
        {0x1FB00, 0x1FBFA},
        {0x20000, 0x2A6DF},
        {0x2EBF0, 0x2EE5D},
        {0x30000, 0x323AF},
        {0xE0100, 0xE01EF},
        {0xF0000, 0xF00FF},
    };

    private static final String[] PICTOGRAPHS = {
        "\uD83D\uDE00",
        "\uD83E\uDEE8",
        "\uD83E\uDEE9",
        "\uD83E\uDEDF",
        "\uD83E\uDEBE",
        "\uD83E\uDE8F",
        "\u2764\uFE0F",
        "\uD83D\uDC69\u200D\uD83D\uDC69\u200D\uD83D\uDC67\u200D\uD83D\uDC66",
        "\uD83D\uDC4D\uD83C\uDFFD",
        "\uD83C\uDDE8\uD83C\uDDED",
        "\uD83C\uDDFA\uD83C\uDDF3",
        "1\uFE0F\u20E3",
        "\uD83C\uDFF4\u200D\u2620\uFE0F",
        "\uD83E\uDDD1\uD83C\uDFFF\u200D\uD83D\uDE80",
        "\uD83D\uDC26\u200D\uD83D\uDD25",
        "\u263A",
        "\uD83E\uDEC6",
    };

    private static final String[] BLANKS = {
        " ",
        "  ",
        "   ",
        "\t",
        "\t\t",
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        " \n ",
        "\u00A0",
        "\u0085",
        "\u000B",
        "\u000C",
        "\u2003",
        "\u2028",
        "\u2029",
        "\u3000",
        "\u200B",
        "\u200C",
        "\u200D",
        "\u2060",
        "\uFEFF",
        "\u202F",
        "\u1680",
        "\u180E",
        "                ",
    };

    private static final String[] CODE = {
        "for (int i = 0; i < n; i++) {\n\treturn x[i] >>> 3;\n}",
        "def f(x, *args, **kwargs):\n    return x**2 - 1e-9",
        "<div class=\"a b\">&amp;</div>",
        "https://example.org/a?b=1&c=%20#d",
        "{\"key\": [1, 2.5, null, true]}",
        "SELECT * FROM t WHERE a >= 10;",
        "\\frac{1}{2}\\sum_{i=0}^{n}",
        "it's we'll THEY'RE I'd o'clock 'tis",
        "12345678901 3.14159 1,000,000 0x1F 1e10",
        "!!!???...---___",
        "a_b__c camelCase SCREAMING_CASE",
        "$x->{'y'} ||= @z;",
    };

    private static final String[] WORDS = {
        "the",
        "dog",
        "Stra\u00DFe",
        "na\u00EFve",
        "\u4F60\u597D",
        "\u043F\u0440\u0438\u0432\u0435\u0442",
        "\u0645\u0631\u062D\u0628\u0627",
        "\u0928\u092E\u0938\u094D\u0924\u0947",
        "\uC548\uB155",
        "\u3053\u3093\u306B\u3061\u306F",
        "\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35",
        "\u039A\u03B1\u03BB\u03B7\u03BC\u03AD\u03C1\u03B1",
        "Ti\u1EBFng",
        "\u0130stanbul",
        "\uFB01ne",
        "\u212B",
        "\u1E9E",
        "\u01C4",
        "\u0958",
    };

    private final Random random;

    private MixedTexts(long seed) {
        this.random = new Random(seed);
    }

    /** {@code count} lines, the same for the same seed. */
    static List<String> lines(int count, long seed) {
        MixedTexts texts = new MixedTexts(seed);
        List<String> lines = new ArrayList<>();
        while (lines.size() < count) {
            lines.add(texts.line());
        }
        return lines;
    }

    private String line() {
        StringBuilder line = new StringBuilder();
        int pieces = 1 + random.nextInt(12);
        List<Supplier<String>> kinds = List.of(
                this::ofBlock, () -> any(PICTOGRAPHS), () -> any(BLANKS), () -> any(CODE), () -> any(WORDS), () -> " ");
        for (int i = 0; i < pieces; i++) {
            line.append(kinds.get(random.nextInt(kinds.size())).get());
        }
        Normalizer.Form[] forms = Normalizer.Form.values();
        int form = random.nextInt(2 * forms.length);
        return form < forms.length ? Normalizer.normalize(line, forms[form]) : line.toString();
    }

    private String ofBlock() {
        int[] block = BLOCKS[random.nextInt(BLOCKS.length)];
        StringBuilder text = new StringBuilder();
        for (int n = 1 + random.nextInt(8); n > 0; n--) {
            text.appendCodePoint(block[0] + random.nextInt(block[1] - block[0] + 1));
        }
        return text.toString();
    }

    private String any(String[] of) {
        return of[random.nextInt(of.length)];
    }
}
