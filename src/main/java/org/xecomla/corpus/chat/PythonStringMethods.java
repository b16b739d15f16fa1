package org.xecomla.corpus.chat;

import java.beans.FeatureDescriptor;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;

/** The methods of Python's str that chat templates call and Java's String lacks or understands differently. */
final class PythonStringMethods extends ELResolver {
    @Override
    public Object invoke(ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
        if (!(base instanceof String text)) {
            return null;
        }
        String argument = arguments != null && arguments.length == 1 ? String.valueOf(arguments[0]) : null;
        Object result =
                switch (String.valueOf(method)) {
                    case "startswith" -> argument == null ? null : text.startsWith(argument);
                    case "endswith" -> argument == null ? null : text.endsWith(argument);
                    case "split" -> argument == null ? null : split(text, argument);
                    case "strip" -> strip(text, argument, true, true);
                    case "lstrip" -> strip(text, argument, true, false);
                    case "rstrip" -> strip(text, argument, false, true);
                    case "capitalize" -> capitalize(text);
                    case "upper" -> text.toUpperCase(Locale.ROOT);
                    case "lower" -> text.toLowerCase(Locale.ROOT);
                    default -> null;
                };
        context.setPropertyResolved(result != null);
        return result;
    }

    private static List<String> split(String text, String separator) {
        return Arrays.asList(text.split(Pattern.quote(separator), -1));
    }

    /** @param characters to take away, null: white space */
    private static String strip(String text, String characters, boolean left, boolean right) {
        int start = 0;
        int end = text.length();
        while (left && start < end && isIn(text.charAt(start), characters)) {
            start++;
        }
        while (right && end > start && isIn(text.charAt(end - 1), characters)) {
            end--;
        }
        return text.substring(start, end);
    }

    private static boolean isIn(char c, String characters) {
        return characters == null ? isPythonSpace(c) : characters.indexOf(c) >= 0;
    }

    private static boolean isPythonSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    private static String capitalize(String text) {
        return text.isEmpty()
                ? text
                : text.substring(0, 1).toUpperCase(Locale.ROOT)
                        + text.substring(1).toLowerCase(Locale.ROOT);
    }

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
        return null;
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
        return null;
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {
        // nothing to set: the next resolver decides
    }

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return true;
    }

    @Override
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return null;
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return null;
    }
}
