package org.xecomla.corpus.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/** Random templates of the whole grammar, and random variables for them. The same seed gives the same. */
final class TemplateGenerator {
    private static final List<String> TEXTS = List.of(
            "a",
            "\n",
            " ",
            "\n  ",
            "\t",
            "x y",
            "<|im_start|>",
            "\r\n",
            "\r",
            "é漢",
            "\uD83D\uDE00",
            "{ ",
            "}",
            "{ { ",
            "%}",
            "#",
            "\n\n",
            "  \n",
            "\u000B",
            "\u2028",
            "'",
            "- ",
            "\u0085\n");

    private final Random random;
    private final ExpressionGenerator expressions;
    private int depth;
    private int numLoops;
    private int numNames;

    TemplateGenerator(long seed) {
        this.random = new Random(seed);
        this.expressions = new ExpressionGenerator(random);
    }

    private String one(List<String> of) {
        return of.get(random.nextInt(of.size()));
    }

    /** @param percent of how many */
    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    String template() {
        depth = 0;
        numLoops = 0;
        numNames = 0;
        expressions.reset();
        return (chance(90) ? tag("set ns = namespace(x=0, y='z')") : "") + body(1 + random.nextInt(5));
    }

    private String body(int numStatements) {
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < numStatements; i++) {
            body.append(statement());
        }
        return body.toString();
    }

    /** A body whose names are its own. */
    private String scoped() {
        int numKnown = expressions.mark();
        String body = inner();
        expressions.forget(numKnown);
        return body;
    }

    private String inner() {
        depth++;
        String body = body(1 + random.nextInt(3));
        depth--;
        return body;
    }

    private String begin() {
        return "{%" + one(List.of("", "", "", "-", "+")) + " ";
    }

    private String end() {
        return " " + one(List.of("", "", "", "-", "+")) + "%}";
    }

    private String tag(String inside) {
        return begin() + inside + end();
    }

    private String print(String expression) {
        return "{{" + one(List.of("", "", "-")) + " " + expression + " " + one(List.of("", "", "-")) + "}}";
    }

    private String statement() {
        int kind = random.nextInt(depth > 3 ? 40 : 100);
        if (kind < 22) {
            return text();
        }
        if (kind < 37) {
            return print(expressions.any());
        }
        if (kind < 40) {
            return numLoops > 0 && chance(50) ? tag(one(List.of("break", "continue"))) : text();
        }
        return kind < 52 ? choice() : kind < 68 ? loop() : kind < 80 ? set() : block(kind);
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(4); i >= 0; i--) {
            text.append(one(TEXTS));
        }
        if (chance(8)) {
            text.append("{#")
                    .append(one(List.of("", "-")))
                    .append(" c {{ ")
                    .append(one(List.of("", "-", "+")))
                    .append("#}");
        }
        if (chance(4)) {
            text.append("{%")
                    .append(one(List.of("", "-", "+")))
                    .append(" raw ")
                    .append(one(List.of("", "-")))
                    .append("%} {{ x }}\n ")
                    .append(begin())
                    .append("endraw")
                    .append(end());
        }
        return text.toString();
    }

    private String choice() {
        StringBuilder choice = new StringBuilder(tag("if " + expressions.condition())).append(inner());
        for (int i = random.nextInt(3); i > 0; i--) {
            choice.append(tag("elif " + expressions.condition())).append(inner());
        }
        if (chance(50)) {
            choice.append(tag("else")).append(inner());
        }
        return choice.append(tag("endif")).toString();
    }

    private String loop() {
        int numKnown = expressions.mark();
        StringBuilder loop = new StringBuilder();
        if (chance(30)) {
            String pairs = expressions.pairs();
            String key = "k" + numNames++;
            String value = "v" + numNames++;
            expressions.know(key, ExpressionGenerator.Type.TEXT);
            expressions.know(value, ExpressionGenerator.Type.ANY);
            loop.append(tag("for " + key + ", " + value + " in " + pairs));
        } else {
            boolean ofTurns = chance(50);
            String items = ofTurns ? expressions.turns() : expressions.list();
            String name = chance(80) ? "i" + numNames++ : "a";
            expressions.know(name, ofTurns ? ExpressionGenerator.Type.TURN : ExpressionGenerator.Type.ANY);
            String filter = chance(25) ? " if " + expressions.condition() : "";
            loop.append(tag("for " + name + " in " + items + filter));
        }
        numLoops++;
        expressions.enterLoop();
        loop.append(inner());
        expressions.leaveLoop();
        numLoops--;
        expressions.forget(numKnown);
        if (chance(25)) {
            loop.append(tag("else")).append(scoped());
        }
        return loop.append(tag("endfor")).toString();
    }

    private String set() {
        ExpressionGenerator.Type type = one(ExpressionGenerator.Type.values());
        boolean isOld =
                (type == ExpressionGenerator.Type.TEXT || type == ExpressionGenerator.Type.NUMBER) && chance(40);
        String name = isOld ? (type == ExpressionGenerator.Type.TEXT ? "a" : "n") : "s" + numNames++;
        int kind = random.nextInt(10);
        String set;
        if (kind < 6) {
            set = tag("set " + name + " = " + expressions.of(type));
            expressions.know(name, type);
        } else if (kind < 8) {
            set = tag("set ns.x = " + expressions.any());
        } else if (kind < 9) {
            set = tag("set s" + numNames++ + ", t = " + expressions.any() + ", " + expressions.text());
        } else {
            set = tag("set s" + numNames + one(List.of("", " | upper", " | trim | replace('a', 'b')")))
                    + scoped()
                    + tag("endset");
            expressions.know("s" + numNames++, ExpressionGenerator.Type.TEXT);
        }
        return set;
    }

    private <T> T one(T[] of) {
        return of[random.nextInt(of.length)];
    }

    private String block(int kind) {
        if (kind < 86) {
            return outsideOfLoops(this::macro);
        }
        if (kind < 89) {
            return tag("filter " + one(List.of("upper", "trim", "replace('a', b)", "indent(2) | upper", "tojson")))
                    + scoped()
                    + tag("endfilter");
        }
        if (kind < 92) {
            int numKnown = expressions.mark();
            String name = "w" + numNames++;
            String value = expressions.text();
            expressions.know(name, ExpressionGenerator.Type.TEXT);
            String with = tag("with " + name + " = " + value + ", x = n") + inner() + tag("endwith");
            expressions.forget(numKnown);
            return with;
        }
        if (kind < 95 && expressions.knowsMacros()) {
            return outsideOfLoops(
                    () -> tag("call" + one(List.of("", "(p)", "(p, q=1)")) + " " + expressions.macroCall())
                            + scoped()
                            + tag("endcall"));
        }
        return outsideOfLoops(() -> tag("generation") + scoped() + tag("endgeneration"));
    }

    private String outsideOfLoops(Supplier<String> block) {
        int around = numLoops;
        numLoops = 0;
        String text = block.get();
        numLoops = around;
        return text;
    }

    private String macro() {
        String name = "m" + numNames++;
        String signature = one(List.of("", "p", "p, q='d'", "p, q=p", "p=n, q=a ~ 'z'"));
        int numKnown = expressions.mark();
        expressions.know("p", ExpressionGenerator.Type.ANY);
        expressions.know("q", ExpressionGenerator.Type.TEXT);
        String inside = inner()
                + (chance(20) ? print("caller() if caller is defined else 'none'") : "")
                + (chance(10) ? print("varargs|length") + print("kwargs|length") : "");
        expressions.forget(numKnown);
        expressions.knowMacro(name);
        return tag("macro " + name + "(" + signature + ")") + inside + tag("endmacro");
    }

    Map<String, Object> variables() {
        List<Object> turns = new ArrayList<>();
        for (int i = random.nextInt(5); i >= 0; i--) {
            Map<String, Object> turn = Conversations.turn(
                    one(List.of("system", "user", "assistant", "tool")),
                    chance(95) ? words() : chance(50) ? null : List.of());
            if (chance(20)) {
                turn.put("tool_calls", List.of(Conversations.object("name", "f", "arguments", value(2))));
            }
            if (chance(15)) {
                turn.put(one(List.of("name", "items", "x", "get", "1")), value(1));
            }
            turns.add(turn);
        }
        Map<String, Object> variables = Conversations.object(
                "messages",
                turns,
                "tools",
                chance(50) ? null : List.of(Conversations.object("name", words(), "type", value(2))),
                "add_generation_prompt",
                chance(50),
                "a",
                words(),
                "b",
                words(),
                "n",
                random.nextInt(7) - 2,
                "f",
                (random.nextInt(4001) - 2000)
                        / (double) one(List.of(1, 3, 8, 1000).toArray(Integer[]::new)),
                "flag",
                chance(50),
                "xs",
                List.of(3, random.nextInt(9), 1, 2),
                "ws",
                List.of(words(), "b", "A", words()),
                "d",
                value(0) instanceof Map<?, ?> map ? map : Conversations.object("k", value(1), "z", 1, "B", words()),
                "e",
                value(0));
        if (chance(80)) {
            variables.put("bos_token", "<s>");
        }
        return variables;
    }

    private String words() {
        StringBuilder words = new StringBuilder();
        for (int i = random.nextInt(4); i > 0; i--) {
            words.append(one(List.of(
                    "a",
                    " ",
                    "Bern",
                    "\n",
                    "ß",
                    "\uD83D\uDE00",
                    "x-y",
                    "\"",
                    "'",
                    "\\",
                    "1",
                    "</think>",
                    "\u001F",
                    "\u00A0",
                    "Σ",
                    "\u0085",
                    "AbC",
                    "{",
                    "\u007F",
                    "\u200B",
                    "ǆ",
                    "<b>",
                    "\t",
                    "İ",
                    "42",
                    " -7.5")));
        }
        return words.toString();
    }

    private Object value(int level) {
        return switch (random.nextInt(level > 2 ? 6 : 9)) {
            case 0 -> null;
            case 1 -> chance(50);
            case 2 -> random.nextInt(300) - 50;
            case 3 -> random.nextInt(1000) / 7.0 * Math.pow(10, random.nextInt(30) - 12);
            case 4, 5 -> words();
            case 6 -> List.of();
            case 7 -> {
                List<Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(value(level + 1));
                }
                yield list;
            }
            default -> {
                Map<String, Object> map = Conversations.object();
                for (int i = random.nextInt(4); i > 0; i--) {
                    map.put(chance(80) ? one(List.of("k", "role", "items", "Z", "b", "c")) : words(), value(level + 1));
                }
                yield map;
            }
        };
    }
}
