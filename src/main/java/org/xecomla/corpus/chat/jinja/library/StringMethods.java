package org.xecomla.corpus.chat.jinja.library;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.Case;
import org.xecomla.corpus.chat.jinja.value.CodePoints;
import org.xecomla.corpus.chat.jinja.value.Numbers;
import org.xecomla.corpus.chat.jinja.value.TemplateError;
import org.xecomla.corpus.chat.jinja.value.TextBuilder;
import org.xecomla.corpus.chat.jinja.value.Tuple;
import org.xecomla.corpus.chat.jinja.value.Values;

/** Methods of Python's str. Places are code points. */
final class StringMethods {
    static final Map<String, Method> ALL = all();

    private StringMethods() {}

    private static Map<String, Method> all() {
        Map<String, Method> all = new HashMap<>();
        addShapes(all);
        addTests(all);
        addSearches(all);
        StringSplits.addTo(all);
        all.put("format", new Method(Signature.OPEN, (value, a, o) -> BraceFormat.format((String) value, a, o)));
        return Map.copyOf(all);
    }

    /** A method without arguments. */
    private interface Plain {
        Object of(String text);
    }

    private static Method plain(Plain body) {
        return new Method(Signature.positional(), (value, arguments, operations) -> body.of((String) value));
    }

    private static void addShapes(Map<String, Method> all) {
        all.put("upper", plain(Case::upper));
        all.put("lower", plain(Case::lower));
        all.put("capitalize", plain(Case::capitalize));
        all.put("title", plain(Case::title));
        all.put("strip", strip(true, true));
        all.put("lstrip", strip(true, false));
        all.put("rstrip", strip(false, true));
        all.put("center", pad(Side.BOTH));
        all.put("ljust", pad(Side.RIGHT));
        all.put("rjust", pad(Side.LEFT));
        all.put("zfill", new Method(Signature.positional("width"), StringMethods::fillWithZeros));
        all.put(
                "replace",
                new Method(
                        Signature.positional("old", "new", "count?"),
                        (value, a, o) -> replace(
                                (String) value, a.text("old"), a.text("new"), a.integer("count", -1), o.budget())));
        all.put("removeprefix", new Method(Signature.positional("prefix"), (value, a, o) -> {
            String text = (String) value;
            return text.startsWith(a.text("prefix"))
                    ? text.substring(a.text("prefix").length())
                    : text;
        }));
        all.put("removesuffix", new Method(Signature.positional("suffix"), (value, a, o) -> {
            String text = (String) value;
            return text.endsWith(a.text("suffix"))
                    ? text.substring(0, text.length() - a.text("suffix").length())
                    : text;
        }));
    }

    private static Method strip(boolean left, boolean right) {
        return new Method(Signature.positional("characters?"), (value, a, o) -> {
            String characters = a.get("characters") == null ? null : a.text("characters");
            return CodePoints.strip((String) value, characters, left, right);
        });
    }

    private enum Side {
        LEFT,
        RIGHT,
        BOTH
    }

    private static Method pad(Side side) {
        return new Method(Signature.positional("width", "fill?"), (value, a, o) -> {
            String fill = a.has("fill") ? a.text("fill") : " ";
            if (CodePoints.length(fill) != 1) {
                throw new TemplateError("a filling of more or less than one character");
            }
            return pad((String) value, a.integer("width", 0), fill, side, o.budget());
        });
    }

    private static String pad(String text, int width, String fill, Side side, Budget budget) {
        int missing = Math.max(0, width - CodePoints.length(text));
        // An odd blank goes to the left where the width is odd, as Python has it.
        int left =
                switch (side) {
                    case LEFT -> missing;
                    case RIGHT -> 0;
                    case BOTH -> missing / 2 + (missing & width & 1);
                };
        TextBuilder out = new TextBuilder(budget);
        return out.repeat(fill, left).append(text).repeat(fill, missing - left).toString();
    }

    static String center(String text, int width, Budget budget) {
        return pad(text, width, " ", Side.BOTH, budget);
    }

    private static Object fillWithZeros(Object value, Arguments arguments, Operations operations) {
        String text = (String) value;
        boolean signed = text.startsWith("-") || text.startsWith("+");
        int missing = arguments.integer("width", 0) - CodePoints.length(text);
        return new TextBuilder(operations.budget())
                .append(signed ? text.substring(0, 1) : "")
                .repeat("0", missing)
                .append(signed ? text.substring(1) : text)
                .toString();
    }

    /** @param count of replacements, below 0 for all */
    static String replace(String text, String old, String by, int count, Budget budget) {
        TextBuilder out = new TextBuilder(budget);
        int left = count < 0 ? Integer.MAX_VALUE : count;
        int from = 0;
        for (int at = text.indexOf(old); at >= 0 && left > 0; left--) {
            out.append(text.substring(from, at)).append(by);
            from = at + old.length();
            if (old.isEmpty()) {
                // Between all characters, and at both ends.
                if (at == text.length()) {
                    return out.toString();
                }
                int next = at + Character.charCount(text.codePointAt(at));
                out.append(text.substring(at, next));
                from = next;
            }
            at = text.indexOf(old, from);
        }
        return out.append(text.substring(from)).toString();
    }

    private static void addTests(Map<String, Method> all) {
        all.put("isspace", every(CodePoints::isSpace));
        all.put("isalpha", every(Character::isLetter));
        all.put("isdecimal", every(c -> Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER));
        all.put("isdigit", every(Case::isDigit));
        all.put("isalnum", every(Case::isAlphanumeric));
        all.put("isascii", plain(text -> text.chars().allMatch(c -> c < 0x80)));
        all.put("isupper", plain(Case::isUpper));
        all.put("islower", plain(Case::isLower));
    }

    /** Whether there are characters, and all are so. */
    private static Method every(IntPredicate test) {
        return plain(text -> !text.isEmpty() && text.codePoints().allMatch(test));
    }

    private static void addSearches(Map<String, Method> all) {
        all.put("startswith", affix(true));
        all.put("endswith", affix(false));
        all.put("find", search(false, false));
        all.put("rfind", search(true, false));
        all.put("index", search(false, true));
        all.put("rindex", search(true, true));
        all.put("count", new Method(Signature.positional("part", "start?", "stop?"), (value, a, o) -> {
            String within = window((String) value, a);
            if (within == null) {
                return 0L;
            }
            String part = a.text("part");
            return part.isEmpty() ? CodePoints.length(within) + 1L : (long) (pieces(within, part) - 1);
        }));
    }

    private static int pieces(String text, String separator) {
        int numPieces = 1;
        for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + separator.length())) {
            numPieces++;
        }
        return numPieces;
    }

    /** The text between start and stop, null where start is beyond its end. */
    private static String window(String text, Arguments arguments) {
        int length = CodePoints.length(text);
        int start = bound(arguments.get("start"), length, 0);
        int stop = Math.min(length, bound(arguments.get("stop"), length, length));
        if (start > stop) {
            return null;
        }
        return text.substring(CodePoints.offset(text, start), CodePoints.offset(text, stop));
    }

    private static int bound(Object given, int length, int missing) {
        if (given == null) {
            return missing;
        }
        int bound = Numbers.index(given);
        return bound < 0 ? Math.max(0, bound + length) : bound;
    }

    private static Method affix(boolean atStart) {
        return new Method(Signature.positional("affix", "start?", "stop?"), (value, a, o) -> {
            String within = window((String) value, a);
            List<Object> affixes = a.get("affix") instanceof Tuple tuple ? tuple.items() : List.of(a.text("affix"));
            List<String> texts = new ArrayList<>();
            affixes.forEach(affix -> texts.add(Values.string(affix, "a beginning or an end")));
            return within != null
                    && texts.stream().anyMatch(text -> atStart ? within.startsWith(text) : within.endsWith(text));
        });
    }

    private static Method search(boolean fromEnd, boolean mustFind) {
        return new Method(Signature.positional("part", "start?", "stop?"), (value, a, o) -> {
            String within = window((String) value, a);
            String part = a.text("part");
            int at = within == null ? -1 : fromEnd ? within.lastIndexOf(part) : within.indexOf(part);
            if (at < 0 && mustFind) {
                throw new TemplateError("index() of what is not in the string");
            }
            int start = bound(a.get("start"), CodePoints.length((String) value), 0);
            return at < 0 ? -1L : (long) start + within.codePointCount(0, at);
        });
    }
}
