package org.xecomla.corpus.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random expressions, most of them of a type that fits where they stand. */
final class ExpressionGenerator {
    /** What an expression is likely to be. */
    enum Type {
        TEXT,
        NUMBER,
        TRUTH,
        LIST,
        DICT,
        TURN,
        ANY,
        MACRO
    }

    private record Known(String name, Type type) {}

    private final Random random;
    private final List<Known> known = new ArrayList<>();
    private int numLoops;
    private int depth;

    ExpressionGenerator(Random random) {
        this.random = random;
    }

    void reset() {
        known.clear();
        numLoops = 0;
        List.of("a", "b").forEach(name -> know(name, Type.TEXT));
        List.of("n", "f").forEach(name -> know(name, Type.NUMBER));
        List.of("xs", "ws").forEach(name -> know(name, Type.LIST));
        know("d", Type.DICT);
        know("flag", Type.TRUTH);
        know("messages[0]", Type.TURN);
        know("e", Type.ANY);
    }

    int mark() {
        return known.size();
    }

    void forget(int numKnown) {
        // Now and then a name is used where it is no longer set: it must be undefined on both sides.
        boolean all = random.nextInt(8) > 0;
        List<Known> since = known.subList(Math.min(numKnown, known.size()), known.size());
        since.removeIf(one -> all || one.type() == Type.MACRO);
    }

    void know(String name, Type type) {
        known.add(new Known(name, type));
    }

    boolean knowsMacros() {
        return known.stream().anyMatch(one -> one.type() == Type.MACRO);
    }

    void knowMacro(String name) {
        know(name, Type.MACRO);
    }

    void enterLoop() {
        numLoops++;
    }

    void leaveLoop() {
        numLoops--;
    }

    private String one(String... of) {
        return of[random.nextInt(of.length)];
    }

    private String name(Type type) {
        List<Known> fitting = known.stream().filter(one -> one.type() == type).toList();
        return fitting.isEmpty()
                ? "u"
                : fitting.get(random.nextInt(fitting.size())).name();
    }

    String of(Type type) {
        if (random.nextInt(25) == 0) {
            return any();
        }
        depth++;
        String expression =
                switch (type) {
                    case TEXT -> text();
                    case NUMBER -> number();
                    case TRUTH -> condition();
                    case LIST -> list();
                    case DICT -> dict();
                    case TURN -> turn();
                    case ANY -> any();
                    case MACRO -> knowsMacros() ? macroCall() : "u";
                };
        depth--;
        return expression;
    }

    /** Fit to stand before a dot or between operators; now and then as it is, for the sake of precedence. */
    private String operand(String expression) {
        boolean isPlain = expression.matches("[\\w.]+|'[^'\\\\]*'");
        return isPlain || random.nextInt(60) == 0 ? expression : "(" + expression + ")";
    }

    private boolean isDeep() {
        return depth > 3;
    }

    String any() {
        int kind = random.nextInt(isDeep() ? 4 : 15);
        depth++;
        String expression =
                switch (kind) {
                    case 0 -> one("u", "none", "None", "true", "False", "e", "messages", "tools", "d", "bos_token");
                    case 1 -> name(Type.ANY);
                    case 2 -> name(Type.TEXT);
                    case 3 -> numLoops > 0 ? loop() : name(Type.NUMBER);
                    case 4, 5, 6 -> text();
                    case 7 -> number();
                    case 8 -> condition();
                    case 9 -> list();
                    case 10 -> dict();
                    case 11 -> any() + " if " + condition() + one("", " else " + any());
                    case 12 -> operand(any()) + one(" or ", " and ") + operand(any());
                    case 13 -> operand(text()) + "|" + textToOther();
                    default -> composed();
                };
        depth--;
        return expression;
    }

    private String composed() {
        return switch (random.nextInt(9)) {
            case 0 ->
                turn() + "."
                        + one("role", "content", "name", "items()", "x", "tool_calls", "get('x', 1)", "keys()|list");
            case 1 -> operand(any()) + "|" + one("default('D')", "default('D', true)", "string", "tojson");
            case 2 -> operand(any()) + "|tojson(indent=" + one("1", "2", "none", "'-'", "0") + ")";
            case 3 -> operand(any()) + "|tojson(sort_keys=true, separators=(',', ':'))";
            case 4 ->
                operand(list()) + "|list" + one("[0]", "[-1]", "[9]", "[1:]", "[::-1]", "|tojson(ensure_ascii=true)");
            case 5 -> "(" + any() + one(", " + any(), ",") + ")";
            case 6 -> of(Type.MACRO);
            case 7 ->
                operand(dict()) + one("['k']", ".k", ".get('z')", "['no']", ".no", "|length", "|list|first", "[1]");
            default -> "ns.x";
        };
    }

    private String textToOther() {
        return one(
                "length",
                "list",
                "wordcount",
                "int",
                "float",
                "int(-1)",
                "safe",
                "escape",
                "batch(2)|list",
                "count",
                "list|sort",
                "attr('upper')()",
                "float(none)",
                "unique|list",
                "map('upper')|list",
                "max",
                "min",
                "safe + '<'",
                "first",
                "last",
                "int|abs",
                "attr('k')");
    }

    private String loop() {
        return "loop."
                + one(
                        "index",
                        "index0",
                        "first",
                        "last",
                        "length",
                        "revindex",
                        "revindex0",
                        "previtem",
                        "nextitem",
                        "depth",
                        "cycle('o', 'e')",
                        "changed(n)",
                        "cycle(" + name(Type.TEXT) + ")",
                        "nothing");
    }

    String macroCall() {
        String arguments = one("", "a", "'x', 'y'", "n", "f, q='e'", "1, q=none", one("", "p=n", "1, 2, 3", "z=1"));
        return name(Type.MACRO) + "(" + arguments + ")";
    }

    String text() {
        if (isDeep()) {
            return one("'lit'", "a", "b", name(Type.TEXT));
        }
        depth++;
        String expression =
                switch (random.nextInt(9)) {
                    case 0 -> name(Type.TEXT);
                    case 1 -> one("'it\\'s'", "\"d\\n\"", "'é\\u00e9'", "'a' 'b'", "''", "'%s-%d' % (a, n)", "'x\\\\'");
                    case 2 -> operand(text()) + " + " + operand(of(Type.TEXT));
                    case 3 -> operand(text()) + " ~ " + operand(any());
                    case 4 -> operand(text()) + "." + method();
                    case 5 -> operand(text()) + "|" + textFilter();
                    case 6 -> operand(list()) + "|join(" + one("", "', '", "a", "'-', attribute='role'") + ")";
                    case 7 -> turn() + one(".role", ".content", "['role']", "['content']", ".get('content', '')");
                    default ->
                        operand(text())
                                + one(
                                        "[:3]", "[-1:]", "[1:]", "[:-1]", "[::-1]", " * 2", "[n:]", "[0:1]", "[:n]",
                                        "[::2]");
                };
        depth--;
        return expression;
    }

    private String method() {
        return one(
                "strip()",
                "lstrip()",
                "rstrip()",
                "strip('a ')",
                "upper()",
                "lower()",
                "title()",
                "capitalize()",
                "split('-')[0]",
                "split('</think>')[-1]",
                "rsplit(' ', 1)[0]",
                "split(none, 1)|join('/')",
                "join(['1', '2'])",
                "splitlines()|join('|')",
                "replace('a', 'b')",
                "replace('', '.', 2)",
                "rjust(5)",
                "lstrip(b)",
                "partition('-')[2]",
                "rpartition('r')[2]",
                "removeprefix('a')",
                "zfill(6)",
                "center(7)",
                "ljust(4, '.')",
                "format(1, 'x')",
                "removesuffix('n')",
                "split('a', 1)|last",
                "splitlines(true)|first|string",
                "split()|join");
    }

    private String textTest() {
        return one(
                "startswith('a')",
                "endswith(b)",
                "isdigit()",
                "isalpha()",
                "isspace()",
                "isupper()",
                "isalnum()",
                "islower()",
                "startswith(('a', 'B'))",
                "isascii()",
                "isdecimal()");
    }

    private String textFilter() {
        return one(
                "trim",
                "upper",
                "lower",
                "capitalize",
                "title",
                "replace('a', 'é')",
                "replace('e', n, 1)",
                "indent",
                "indent(2, true)",
                "indent('>', blank=true)",
                "reverse",
                "truncate(5)",
                "truncate(6, true, '-')",
                "center(9)",
                "string",
                "default('x')",
                "tojson",
                "trim('a')",
                "list|sort|join",
                "e ~ '<'",
                "unique|join",
                "d('')",
                "map('upper')|join('.')",
                "tojson(ensure_ascii=true)",
                "list|join(' ')",
                "default('x', true)");
    }

    String number() {
        if (isDeep()) {
            return one("1", "n", "2.5", "-3", "0", name(Type.NUMBER));
        }
        depth++;
        String expression =
                switch (random.nextInt(8)) {
                    case 0 ->
                        one(
                                "0",
                                "7",
                                "1_000",
                                "0x1F",
                                "1e3",
                                "2.50",
                                "10**20",
                                "1e-7",
                                "123456789012345678901",
                                ".5|int");
                    case 1 -> name(Type.NUMBER);
                    case 2 ->
                        operand(number())
                                + one(" + ", " - ", " * ", " + ", " - ", " / ", " // ", " % ")
                                + operand(of(Type.NUMBER));
                    case 3 -> one("-" + operand(number()), operand(number()) + " ** " + one("0", "2", "3", "2", "-1"));
                    case 4 ->
                        "(" + number() + ")"
                                + one(
                                        "|abs",
                                        "|round",
                                        "|round(1)",
                                        "|int",
                                        "|float",
                                        "|round(1, 'floor')",
                                        "|round(0, 'ceil')",
                                        "|string",
                                        "|round(-1)");
                    case 5 ->
                        one("xs", "xs[1:]", "range(4)")
                                + one("|length", "|sum", "|max", "|min", "|first", "|last", "|sum(start=2)");
                    case 6 ->
                        operand(text())
                                + one(
                                        "|length",
                                        ".find('a')",
                                        "|int",
                                        "|float",
                                        "|wordcount",
                                        ".count('')",
                                        ".rfind('a')",
                                        ".count('a')",
                                        ".find('', 1)",
                                        ".find('e', -3, 9)");
                    default ->
                        numLoops > 0
                                ? "loop." + one("index", "index0", "length", "revindex", "revindex0", "depth")
                                : name(Type.NUMBER);
                };
        depth--;
        return expression;
    }

    String condition() {
        if (isDeep()) {
            return one("flag", "n > 1", "true", "not flag", "u", "add_generation_prompt");
        }
        depth++;
        String expression =
                switch (random.nextInt(9)) {
                    case 0 -> name(Type.TRUTH);
                    case 1 -> "not " + operand(condition());
                    case 2 -> operand(condition()) + one(" and ", " or ") + operand(condition());
                    case 3 -> operand(any()) + one(" == ", " != ") + operand(any());
                    case 4 ->
                        operand(number())
                                + one(" < ", " <= ", " > ", " >= ")
                                + operand(number())
                                + one("", "", " < 5", " != n");
                    case 5 -> operand(any()) + " is " + one("", "not ") + test();
                    case 6 ->
                        operand(text())
                                + one(" in ", " not in ")
                                + operand(one(text(), list(), dict(), "['user', 'tool']"));
                    case 7 ->
                        turn() + one(".role == 'user'", "['role'] != 'assistant'", ".tool_calls", ".content is string");
                    default ->
                        numLoops > 0
                                ? one("loop.first", "not loop.last", "loop.index0 % 2 == 0", "loop.changed(n)")
                                : operand(text()) + "." + textTest();
                };
        depth--;
        return one(expression, "(" + expression + ")");
    }

    private String test() {
        return one(
                "defined",
                "undefined",
                "none",
                "string",
                "mapping",
                "iterable",
                "sequence",
                "number",
                "integer",
                "float",
                "boolean",
                "true",
                "false",
                "callable",
                "sameas none",
                "in ['a', 1]",
                "eq 1",
                "equalto('a')",
                "escaped",
                "in(ws)",
                "ne none",
                "upper",
                "lower",
                one("odd", "even", "divisibleby 3", "ge(2)", "lt 3"));
    }

    String list() {
        if (isDeep()) {
            return one("xs", "ws", "[1, 2]", "messages", name(Type.LIST));
        }
        depth++;
        String expression =
                switch (random.nextInt(9)) {
                    case 0 -> name(Type.LIST);
                    case 1 -> "[" + any() + ", " + any() + one("]", ",]");
                    case 2 -> "range(" + one("3", "n", "1, 5", "5, 0, -2", "n, 4") + ")" + one("", "|list");
                    case 3 -> operand(list()) + "|" + listFilter();
                    case 4 -> operand(turns()) + "|" + turnsFilter();
                    case 5 ->
                        operand(list() + "|list")
                                + one(
                                        "[1:]",
                                        "[::-1]",
                                        "[:2]",
                                        "[-2:]",
                                        " + [1]",
                                        " * 2",
                                        "[n:]",
                                        "[::2]",
                                        "[2:0:-1]",
                                        " + ws");
                    case 6 ->
                        operand(dict())
                                + one(
                                        ".keys()",
                                        ".values()",
                                        ".items()",
                                        "|items",
                                        "|list",
                                        ".items()|list",
                                        ".keys()|list",
                                        ".copy()");
                    case 7 ->
                        operand(text())
                                + one(
                                        ".split()",
                                        ".split('a')",
                                        "|list",
                                        ".splitlines()",
                                        ".rsplit('-', 1)",
                                        ".split(sep='-', maxsplit=1)",
                                        ".partition('a')");
                    default -> turns();
                };
        depth--;
        return expression;
    }

    private String listFilter() {
        return one(
                "list",
                "reverse",
                "reverse|list",
                "unique|list",
                "map('string')|list",
                "batch(2)|list",
                "batch(3, 'f')|list",
                "select|list",
                "select('number')|list",
                "reject('none')|list",
                "map('default', 'z')|list",
                "map('tojson')|list",
                "map('string')|sort",
                "map('string')|sort(reverse=true)",
                "map('string')|sort(case_sensitive=true)",
                "select('string')|map('upper')|list",
                "select('integer')|select('gt', 1)",
                "select('defined')",
                "map('string')|unique",
                "reject('string')|list",
                "select('mapping')|map(attribute='role')|list",
                "map('string')|map('length')|list");
    }

    private String turnsFilter() {
        return one(
                "map(attribute='role')|list",
                "selectattr('role', 'equalto', 'user')|list",
                "rejectattr('content')|list",
                "map(attribute='name', default='?')|list",
                "selectattr('tool_calls')|list",
                "sort(attribute='role')",
                "map(attribute='content')|select('string')|list",
                "selectattr('x', 'defined')",
                "rejectattr('role', 'in', ['tool'])",
                "sort(attribute='role', reverse=true)|map(attribute='role')",
                "unique(attribute='role')|list",
                "selectattr('role', '==', 'user')|map(attribute='content')|join",
                "max(attribute='role')|items",
                "list");
    }

    String turns() {
        return one("messages", "messages", "messages[1:]", "messages[::-1]", "messages|reverse", "messages[:-1]");
    }

    String pairs() {
        return one(
                "d.items()",
                "d|dictsort",
                "d|items",
                "messages[0].items()",
                operand(dict()) + ".items()",
                "[(1, 2), ('a', none)]",
                "['ab', 'cd']",
                "d|dictsort(reverse=true)",
                "d|dictsort(true)|list");
    }

    private String turn() {
        return random.nextBoolean()
                ? name(Type.TURN)
                : one("messages[0]", "messages[-1]", "(messages|first)", "(messages|last)");
    }

    String dict() {
        if (isDeep()) {
            return one("d", "{}", "{'k': 1}", name(Type.DICT));
        }
        depth++;
        String expression =
                switch (random.nextInt(6)) {
                    case 0, 1 -> name(Type.DICT);
                    case 2 -> "{'k': " + any() + ", 'z': " + any() + "}";
                    case 3 -> "{1: " + any() + ", true: 2, none: 3, 1.0: 'y', (1, 'a'): 4}";
                    case 4 -> "dict(" + one("d", "d, k=1", "a=1, b=n", "[('p', 1)]") + ")";
                    default -> turn();
                };
        depth--;
        return expression;
    }
}
