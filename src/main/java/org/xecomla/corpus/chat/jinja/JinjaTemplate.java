package org.xecomla.corpus.chat.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.xecomla.corpus.chat.jinja.syntax.Scopes;
import org.xecomla.corpus.chat.jinja.syntax.Statement;
import org.xecomla.corpus.chat.jinja.syntax.StatementParser;
import org.xecomla.corpus.chat.jinja.value.Limits;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.Undefined;
import org.xecomla.corpus.chat.jinja.value.Values;
import org.xecomla.errors.UserException;

/** A template, parsed. Immutable, and so fit for any number of threads. */
public final class JinjaTemplate {
    private final String source;
    private final List<Statement> statements;
    private final Scopes scopes;
    private final boolean marksGeneration;
    private final Set<String> words;
    private final Limits limits;

    private JinjaTemplate(StatementParser.Parsed parsed, String source, Limits limits) {
        this.source = source;
        this.statements = parsed.statements();
        this.scopes = new Scopes(parsed.statements());
        this.marksGeneration = parsed.hasGeneration();
        this.words = parsed.words();
        this.limits = limits;
    }

    /**
     * Parses a template.
     *
     * @param source what it is called in messages
     * @throws UserException with line and column, where it is not of the language, or asks for what is unknown
     */
    public static JinjaTemplate parse(String template, String source) {
        return parse(template, source, Limits.DEFAULT);
    }

    /** The same, with other limits to each rendering. */
    public static JinjaTemplate parse(String template, String source, Limits limits) {
        try {
            return new JinjaTemplate(StatementParser.parse(template), source, limits);
        } catch (TemplateError e) {
            throw new UserException(source + ", " + e.position() + ": " + e.getMessage());
        } catch (StackOverflowError e) {
            throw tooDeep(source);
        }
    }

    /**
     * A value for a variable that the template may ask for ({@code is defined}, which it is not) and may not write.
     *
     * @param message of the error where it does
     */
    public static Object missing(String message) {
        return new Undefined(message, true);
    }

    /** Whether a name is anywhere in the template's tags, as a name or as a string. */
    public boolean speaksOf(String name) {
        return words.contains(name);
    }

    /** Whether the template has generation tags. */
    public boolean marksGeneration() {
        return marksGeneration;
    }

    /**
     * What the template writes.
     *
     * @param variables strings, numbers, booleans, null, and lists and maps of these
     * @throws UserException with line and column, where it refuses the variables, does what Python does not do either,
     *     or goes beyond its limits
     */
    public Rendering render(Map<String, ?> variables) {
        try {
            Map<String, Object> values = new HashMap<>();
            variables.forEach((name, value) -> values.put(name, Values.of(value, 0)));
            return new Interpreter(scopes, limits).render(statements, values);
        } catch (TemplateError e) {
            String place = e.position() == null ? "" : ", " + e.position();
            throw new UserException(
                    e.isRefusal()
                            ? source + " refuses this conversation: " + e.getMessage()
                            : source + place + ": " + e.getMessage());
        } catch (StackOverflowError e) {
            throw tooDeep(source);
        }
    }

    /** On a thread with a smaller stack than the limits to depth are made for. */
    private static UserException tooDeep(String source) {
        return new UserException(source + ": nested more deeply than this thread's stack allows");
    }
}
