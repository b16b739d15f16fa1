package org.xecomla.corpus.chat;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jinjava.javax.el.CompositeELResolver;
import org.xecomla.corpus.tokenizer.TextSpan;
import org.xecomla.errors.UserException;

/**
 * A Jinja template in the dialect of Hugging Face's chat templates: Jinjava, set to what Python's Jinja2 does, with
 * {@code raise_exception} and the {@code generation} tag. Thread-safe.
 */
final class JinjaTemplate {
    // Around what the generation tags enclose, taken out again after rendering: two of the code points that are no
    // characters and stand in no text.
    private static final char BEGIN = '\uFDD0';
    private static final char END = '\uFDD1';

    private static final Pattern GENERATION = Pattern.compile("\\{%-?\\s*generation\\s*-?%}");

    /** {@code not x is y}: Jinja2 reads not (x is y), Jinjava (not x) is y. */
    private static final Pattern NOT_IS = Pattern.compile("\\bnot\\s+([\\w.\\[\\]'\"]+)\\s+is\\s+(?!not\\b)");

    /**
     * What Jinja2's lstrip_blocks takes away. Jinjava's also takes the blanks between a text and a block on its line.
     */
    private static final Pattern INDENT = Pattern.compile("(?dm)^[ \\t]+(?=\\{[%#](?!\\+))");

    private static final Pattern TAG = Pattern.compile("\\{[{%].*?[%}]}", Pattern.DOTALL);
    private static final Pattern STRING =
            Pattern.compile("'(?:[^'\\\\]|\\\\.)*'|\"(?:[^\"\\\\]|\\\\.)*\"", Pattern.DOTALL);
    private static final Pattern FILTER = Pattern.compile("\\|\\s*([a-z_]\\w*)");

    private final String template;
    private final String source;
    private final boolean marksGeneration;
    private final Jinjava jinjava;

    /** @param source what the template is called in messages */
    JinjaTemplate(String template, String source) {
        String dialect = INDENT.matcher(NOT_IS.matcher(template).replaceAll("$1 is not "))
                .replaceAll("");
        // Jinja2 drops one line feed at the end.
        this.template = dialect.endsWith("\n") ? dialect.substring(0, dialect.length() - 1) : dialect;
        this.source = source;
        this.marksGeneration = GENERATION.matcher(template).find();
        this.jinjava = new Jinjava(config());
        jinjava.getGlobalContext().registerTag(new GenerationTag());
        jinjava.getGlobalContext()
                .registerFunction(new ELFunctionDefinition(
                        "", "raise_exception", JinjaTemplate.class, "raiseException", Object.class));
        registerMissingFilters();
    }

    /**
     * Jinjava passes over filters that it does not know, without a word: they must not be silent where one is reached.
     */
    private void registerMissingFilters() {
        Matcher tag = TAG.matcher(template);
        while (tag.find()) {
            Matcher filter = FILTER.matcher(STRING.matcher(tag.group()).replaceAll("''"));
            while (filter.find()) {
                if (jinjava.getGlobalContext().getFilter(filter.group(1)) == null) {
                    jinjava.getGlobalContext().registerFilter(new MissingFilter(filter.group(1)));
                }
            }
        }
    }

    private static JinjavaConfig config() {
        LegacyOverrides asJinja2 = LegacyOverrides.newBuilder()
                .withEvaluateMapKeys(true)
                .withIterateOverMapKeys(true)
                .withUsePyishObjectMapper(true)
                .withUseSnakeCasePropertyNaming(true)
                .withUseNaturalOperatorPrecedence(true)
                .withParseWhitespaceControlStrictly(true)
                .withAllowAdjacentTextNodes(true)
                .withUseTrimmingForNotesAndExpressions(true)
                .withKeepNullableLoopValues(true)
                .build();
        CompositeELResolver resolver = new CompositeELResolver();
        resolver.add(new PythonStringMethods());
        resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
        return JinjavaConfig.newBuilder()
                .withTrimBlocks(true)
                .withLstripBlocks(false) // INDENT does it
                .withNestedInterpretationEnabled(false)
                .withLegacyOverrides(asJinja2)
                .withElResolver(resolver)
                .withMaxOutputSize(0)
                .build();
    }

    /** Whether the template has generation tags. */
    boolean marksGeneration() {
        return marksGeneration;
    }

    /**
     * The template's text and what stands between its generation tags.
     *
     * @throws UserException where it refuses the variables, or asks for what Jinjava lacks
     */
    RenderedChat render(Map<String, Object> variables) {
        RenderResult result = jinjava.renderForResult(template, variables);
        if (result.hasErrors()) {
            throw failure(result.getErrors().get(0));
        }
        return withoutMarks(result.getOutput());
    }

    private UserException failure(TemplateError error) {
        for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
            if (cause instanceof Refusal) {
                return new UserException(source + " refuses this conversation: " + cause.getMessage());
            }
        }
        String message = error.getMessage() == null ? "" : error.getMessage();
        return new UserException(source + " cannot be rendered: "
                + message.lines().findFirst().orElse("") + " (line " + error.getLineno() + ")");
    }

    private static RenderedChat withoutMarks(String marked) {
        if (marked.indexOf(BEGIN) < 0) {
            return new RenderedChat(marked, List.of());
        }
        StringBuilder text = new StringBuilder(marked.length());
        List<TextSpan> spans = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < marked.length(); i++) {
            char c = marked.charAt(i);
            if (c == BEGIN) {
                start = text.length();
            } else if (c == END) {
                spans.add(new TextSpan(start, text.length()));
            } else {
                text.append(c);
            }
        }
        return new RenderedChat(text.toString(), spans);
    }

    /** What templates call {@code raise_exception}; public for Jinjava, which calls it by reflection. */
    public static Object raiseException(Object message) {
        throw new Refusal(String.valueOf(message));
    }

    private static final class Refusal extends RuntimeException {
        Refusal(String message) {
            super(message);
        }
    }

    private record MissingFilter(String name) implements Filter {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public Object filter(Object value, JinjavaInterpreter interpreter, String... arguments) {
            throw new UnsupportedOperationException("there is no filter " + name);
        }
    }

    private static final class GenerationTag implements Tag {
        @Override
        public String getName() {
            return "generation";
        }

        @Override
        public String getEndTagName() {
            return "endgeneration";
        }

        @Override
        public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
            StringBuilder text = new StringBuilder().append(BEGIN);
            for (Node child : tag.getChildren()) {
                text.append(child.render(interpreter));
            }
            return text.append(END).toString();
        }
    }
}
