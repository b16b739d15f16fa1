package org.xecomla.corpus.chat.jinja.syntax;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.xecomla.corpus.chat.jinja.syntax.Expression.Call;
import org.xecomla.corpus.chat.jinja.syntax.Expression.FilterCall;
import org.xecomla.corpus.chat.jinja.syntax.Statement.MacroBody;
import org.xecomla.corpus.chat.jinja.syntax.Statement.Target;
import org.xecomla.corpus.chat.jinja.syntax.Token.Kind;
import org.xecomla.corpus.chat.jinja.value.Position;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/** A template's text to its tree. */
public final class StatementParser {
    private static final Set<String> UNSUPPORTED =
            Set.of("extends", "block", "include", "import", "from", "autoescape", "trans", "do", "debug");

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private final TargetParser targets;
    private boolean hasGeneration;
    /** Loops that {@code break} could end here: not those around a macro. */
    private int numLoops;

    private StatementParser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
        this.targets = new TargetParser(tokens, expressions);
    }

    /**
     * A template, parsed.
     *
     * @param hasGeneration whether there are generation tags
     * @param words all names and strings in its tags
     */
    public record Parsed(List<Statement> statements, boolean hasGeneration, Set<String> words) {}

    /** @throws TemplateError with its place */
    public static Parsed parse(String template) {
        List<Token> tokens = Lexer.tokens(template);
        StatementParser parser = new StatementParser(new TokenStream(tokens));
        List<Statement> statements = parser.statements(Set.of());
        Set<String> words = tokens.stream()
                .filter(token -> token.kind() == Kind.NAME || token.kind() == Kind.STRING)
                .map(Token::text)
                .collect(Collectors.toUnmodifiableSet());
        return new Parsed(statements, parser.hasGeneration, words);
    }

    /** Up to a tag of these, whose name is the current token then; of none, up to the template's end. */
    private List<Statement> statements(Set<String> ends) {
        List<Statement> statements = new ArrayList<>();
        while (!tokens.isAt(Kind.END)) {
            Token token = tokens.take();
            switch (token.kind()) {
                case DATA -> statements.add(new Statement.Text(token.position(), token.text()));
                case VARIABLE_BEGIN -> {
                    statements.add(new Statement.Print(token.position(), expressions.tuple(true, false)));
                    tokens.expect(Kind.VARIABLE_END);
                }
                default -> {
                    if (tokens.isAt(Kind.NAME) && ends.contains(tokens.current().text())) {
                        return statements;
                    }
                    statements.addAll(expressions.nested(this::statement));
                    tokens.expect(Kind.BLOCK_END);
                }
            }
        }
        if (!ends.isEmpty()) {
            throw tokens.unexpected("{% " + String.join(" %} or {% ", new TreeSet<>(ends)) + " %}");
        }
        return statements;
    }

    /** The inside of a block, from the end of the tag that begins it. */
    private List<Statement> body(String... ends) {
        tokens.takeOperator(":");
        tokens.expect(Kind.BLOCK_END);
        return statements(Set.of(ends));
    }

    private List<Statement> bodyTo(String end) {
        List<Statement> body = body(end);
        tokens.take();
        return body;
    }

    private List<Statement> statement() {
        Token tag = tokens.expect(Kind.NAME);
        Position position = tag.position();
        return switch (tag.text()) {
            case "if" -> List.of(choice(position));
            case "for" -> List.of(loop(position));
            case "set" -> List.of(set(position));
            case "macro" -> List.of(macro(position));
            case "call" -> List.of(callBlock(position));
            case "generation" -> List.of(generation(position));
            case "filter" -> {
                List<FilterCall> filters = filters(expressions.filterCall());
                yield List.of(new Statement.FilterBlock(position, filters, bodyTo("endfilter")));
            }
            case "with" -> List.of(with(position));
            case "print" -> prints(position);
            case "break", "continue" -> List.of(jump(tag));
            default ->
                throw new TemplateError(
                        UNSUPPORTED.contains(tag.text())
                                ? "the tag " + tag.text() + " is not supported"
                                : "there is no tag " + tag.text() + " here",
                        position);
        };
    }

    private Statement jump(Token tag) {
        if (numLoops == 0) {
            throw new TemplateError(tag.text() + " outside of a loop", tag.position());
        }
        return new Statement.Jump(tag.position(), tag.text().equals("break"));
    }

    private Statement choice(Position position) {
        List<Expression> conditions = new ArrayList<>();
        List<List<Statement>> bodies = new ArrayList<>();
        do {
            conditions.add(expressions.tuple(false, false));
            bodies.add(body("elif", "else", "endif"));
        } while (tokens.takeName("elif"));
        List<Statement> otherwise = List.of();
        if (tokens.takeName("else")) {
            otherwise = bodyTo("endif");
        } else {
            tokens.expectName("endif");
        }
        return new Statement.Choice(position, conditions, bodies, otherwise);
    }

    private Statement loop(Position position) {
        targets.enterLoop();
        Target target = targets.target(false);
        tokens.expectName("in");
        Expression iterable = expressions.tuple(false, false);
        Expression filter = tokens.takeName("if") ? expressions.expression() : null;
        if (tokens.isAtName("recursive")) {
            throw tokens.wrong("recursive loops are not supported");
        }
        numLoops++;
        List<Statement> body = body("else", "endfor");
        numLoops--;
        List<Statement> otherwise = List.of();
        if (tokens.takeName("else")) {
            otherwise = bodyTo("endfor");
        } else {
            tokens.expectName("endfor");
        }
        targets.leaveLoop();
        return new Statement.ForLoop(position, target, iterable, filter, body, otherwise);
    }

    private Statement set(Position position) {
        Target target = targets.target(true);
        if (tokens.takeOperator("=")) {
            return new Statement.Set(position, target, expressions.tuple(true, false));
        }
        List<FilterCall> filters = tokens.takeOperator("|") ? filters(expressions.filterCall()) : List.of();
        return new Statement.SetBlock(position, target, filters, bodyTo("endset"));
    }

    private List<FilterCall> filters(FilterCall first) {
        List<FilterCall> filters = new ArrayList<>(List.of(first));
        while (tokens.takeOperator("|")) {
            filters.add(expressions.filterCall());
        }
        return filters;
    }

    private Statement macro(Position position) {
        String name = targets.name(false);
        return new Statement.MacroDefinition(position, macro(name, signature(), "endmacro"));
    }

    private Statement callBlock(Position position) {
        Parameters parameters = tokens.isAtOperator("(") ? signature() : Parameters.NONE;
        if (!(expressions.expression() instanceof Call call)) {
            throw new TemplateError("{% call %} without a call", position);
        }
        return new Statement.CallBlock(position, call, macro(null, parameters, "endcall"));
    }

    /** @param defaults of the last names */
    private record Parameters(List<String> names, List<Expression> defaults) {
        static final Parameters NONE = new Parameters(List.of(), List.of());
    }

    private Parameters signature() {
        List<String> names = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        tokens.expectOperator("(");
        while (!tokens.isAtOperator(")")) {
            if (!names.isEmpty()) {
                tokens.expectOperator(",");
            }
            Token token = tokens.current();
            String name = targets.name(false);
            if (names.contains(name) || name.equals("caller")) {
                throw new TemplateError("the parameter " + name + " cannot stand here", token.position());
            }
            names.add(name);
            if (tokens.takeOperator("=")) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw new TemplateError(
                        "the parameter " + name + " needs a default, as the one before", token.position());
            }
        }
        tokens.expectOperator(")");
        return new Parameters(names, defaults);
    }

    /** From after the signature on: what stands in it does not see the loops around it. */
    private MacroBody macro(String name, Parameters parameters, String end) {
        int numCallers = expressions.numReads("caller");
        int numKeywords = expressions.numReads("kwargs");
        int numPositional = expressions.numReads("varargs");
        List<Statement> body = outsideOfLoops(end);
        return new MacroBody(
                name,
                parameters.names(),
                parameters.defaults(),
                body,
                expressions.numReads("caller") > numCallers,
                expressions.numReads("kwargs") > numKeywords
                        && !parameters.names().contains("kwargs"),
                expressions.numReads("varargs") > numPositional
                        && !parameters.names().contains("varargs"));
    }

    private List<Statement> outsideOfLoops(String end) {
        int around = numLoops;
        numLoops = 0;
        List<Statement> body = bodyTo(end);
        numLoops = around;
        return body;
    }

    private Statement generation(Position position) {
        hasGeneration = true;
        return new Statement.Generation(position, macro(null, Parameters.NONE, "endgeneration"));
    }

    private Statement with(Position position) {
        List<Target> names = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.isAt(Kind.BLOCK_END) && !tokens.isAtOperator(":")) {
            if (!names.isEmpty()) {
                tokens.expectOperator(",");
            }
            Position place = tokens.current().position();
            names.add(new Statement.NameTarget(place, targets.name(false)));
            tokens.expectOperator("=");
            values.add(expressions.expression());
        }
        return new Statement.With(position, names, values, bodyTo("endwith"));
    }

    private List<Statement> prints(Position position) {
        List<Statement> prints = new ArrayList<>();
        do {
            prints.add(new Statement.Print(position, expressions.expression()));
        } while (tokens.takeOperator(","));
        return prints;
    }
}
