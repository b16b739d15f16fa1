package org.xecomla.corpus.stories;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A grammar file, parsed: tables of what there is, roles that draw from them, rules that tell. The head of
 * {@code stories.grammar} describes the form.
 */
final class StoryRules {
    /** Rows of equal length under {@code columns}. */
    record Table(List<String> columns, List<List<String>> rows) {}

    private final Map<String, Table> tables = new LinkedHashMap<>();
    private final Map<String, String> tableOfRole = new LinkedHashMap<>();
    private final Map<String, List<List<StoryNode>>> rules = new LinkedHashMap<>();

    private StoryRules() {}

    /**
     * @throws IllegalStateException naming the line that is not of the form, or speaks of an unknown role, column or
     *     rule
     */
    static StoryRules parse(String text) {
        StoryRules parsed = new StoryRules();
        List<Block> blocks = blocks(text);
        for (Block block : blocks) {
            switch (block.keyword()) {
                case "table" -> parsed.addTable(block);
                case "role" -> parsed.addRoles(block);
                default -> parsed.rules.put(block.head(), List.of());
            }
        }
        blocks.stream().filter(block -> block.keyword().equals("rule")).forEach(parsed::addRule);
        return parsed;
    }

    Table tableOf(String role) {
        return tables.get(tableOfRole.get(role));
    }

    String tableName(String role) {
        return tableOfRole.get(role);
    }

    List<List<StoryNode>> alternatives(String rule) {
        List<List<StoryNode>> alternatives = rules.get(rule);
        if (alternatives == null) {
            throw new IllegalStateException("the story grammar has no rule " + rule);
        }
        return alternatives;
    }

    /** A keyword line and the lines that belong to it, up to the next blank line; continuation lines joined. */
    private record Block(int lineNumber, String keyword, String head, List<String> body) {
        IllegalStateException wrong(String what) {
            return new IllegalStateException(
                    "story grammar, line " + lineNumber + " (" + keyword + " " + head + "): " + what);
        }
    }

    private static List<Block> blocks(String text) {
        List<Block> blocks = new ArrayList<>();
        List<String> body = List.of();
        int lineNumber = 0;
        for (String line : text.lines().toList()) {
            lineNumber++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (line.startsWith("table ") || line.startsWith("role ") || line.startsWith("rule ")) {
                body = new ArrayList<>();
                int space = line.indexOf(' ');
                blocks.add(new Block(lineNumber, line.substring(0, space), line.substring(space + 1), body));
            } else if (line.startsWith("  ")) {
                body.set(body.size() - 1, body.get(body.size() - 1) + " " + line.strip());
            } else {
                body.add(line);
            }
        }
        return blocks;
    }

    private void addTable(Block block) {
        String[] nameAndColumns = block.head().split(": ", 2);
        List<String> columns = cells(nameAndColumns[1]);
        List<List<String>> rows = block.body().stream().map(StoryRules::cells).toList();
        for (List<String> row : rows) {
            if (row.size() != columns.size()) {
                throw block.wrong("the row " + row + " does not fit the columns " + columns);
            }
        }
        tables.put(nameAndColumns[0], new Table(columns, rows));
    }

    private static List<String> cells(String line) {
        return List.of(line.split(" \\| "));
    }

    private void addRoles(Block block) {
        String[] rolesAndTable = block.head().split(": ", 2);
        if (!tables.containsKey(rolesAndTable[1])) {
            throw block.wrong("there is no table " + rolesAndTable[1] + " above it");
        }
        for (String role : rolesAndTable[0].split(" ")) {
            tableOfRole.put(role, rolesAndTable[1]);
        }
    }

    private void addRule(Block block) {
        List<List<StoryNode>> alternatives = new ArrayList<>();
        for (String line : block.body()) {
            if (!line.startsWith("- ")) {
                throw block.wrong("an alternative starts with \"- \", not with " + line);
            }
            String text = line.substring(2).replaceAll("\\s*//\\s*", "\n");
            Parser parser = new Parser(block, text);
            alternatives.add(parser.sequence(""));
        }
        rules.put(block.head(), List.copyOf(alternatives));
    }

    /** Recursive descent over one alternative. */
    private final class Parser {
        private final Block block;
        private final String text;
        private int at;

        Parser(Block block, String text) {
            this.block = block;
            this.text = text;
        }

        /** Nodes up to one of {@code ends}, which is left unread, or to the end of the text where there is none. */
        List<StoryNode> sequence(String ends) {
            List<StoryNode> nodes = new ArrayList<>();
            while (at < text.length() && ends.indexOf(text.charAt(at)) < 0) {
                switch (text.charAt(at)) {
                    case '{' -> nodes.add(reference());
                    case '[' -> nodes.add(choice());
                    case '<' -> nodes.add(call());
                    default -> nodes.add(words(ends));
                }
            }
            if (at == text.length() && !ends.isEmpty()) {
                throw block.wrong("a bracket is not closed in: " + text);
            }
            return nodes;
        }

        private StoryNode words(String ends) {
            int from = at;
            while (at < text.length() && "{[<".indexOf(text.charAt(at)) < 0 && ends.indexOf(text.charAt(at)) < 0) {
                at++;
            }
            return new StoryNode.Text(text.substring(from, at));
        }

        private StoryNode reference() {
            int close = text.indexOf('}', at);
            if (close < 0) {
                throw block.wrong("a brace is not closed in: " + text);
            }
            String[] roleAndColumn = text.substring(at + 1, close).split("\\.", 2);
            at = close + 1;
            String role = uncapitalised(roleAndColumn[0]);
            if (!tableOfRole.containsKey(role)) {
                throw block.wrong("there is no role " + role);
            }
            String last = roleAndColumn[roleAndColumn.length - 1];
            int column = roleAndColumn.length == 1 ? 0 : tableOf(role).columns().indexOf(uncapitalised(last));
            if (column < 0) {
                throw block.wrong("role " + role + " has no column " + last);
            }
            return new StoryNode.Reference(role, column, Character.isUpperCase(last.charAt(0)));
        }

        private StoryNode choice() {
            List<List<StoryNode>> options = new ArrayList<>();
            do {
                at++;
                options.add(sequence("|]"));
            } while (text.charAt(at) == '|');
            at++;
            return new StoryNode.Choice(List.copyOf(options));
        }

        private StoryNode call() {
            at++;
            List<StoryNode> name = sequence(">");
            at++;
            if (name.size() == 1 && name.get(0) instanceof StoryNode.Text whole && !rules.containsKey(whole.text())) {
                throw block.wrong("there is no rule " + whole.text());
            }
            return new StoryNode.Call(name);
        }
    }

    private static String uncapitalised(String word) {
        return Character.toLowerCase(word.charAt(0)) + word.substring(1);
    }
}
