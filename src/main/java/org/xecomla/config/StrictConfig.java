package org.xecomla.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.xecomla.errors.ConfigException;

/**
 * Typed reading of a resolved HOCON configuration. It remembers which keys were read: what remains is an error, since
 * Typesafe Config itself lets misspelt keys pass. Every message is one line with key, value, file and line.
 *
 * <p>{@code null} and {@code auto} mean that a key is not set; the optional getters give that back as empty.
 */
public final class StrictConfig {
    private static final double MAX_EXACT = 0x1p53;
    private static final String UNSET = "auto";

    private final Config config;
    private final Set<String> read = new TreeSet<>();
    private final Set<String> numeric = new TreeSet<>();
    private final Set<String> lists = new TreeSet<>();
    private final Set<String> freeSections = new TreeSet<>();

    /** @param config resolved, with a value (null included) for every key that will be read */
    public StrictConfig(Config config) {
        this.config = config;
    }

    // ---- getters ----

    public String text(String key) {
        return required(key, optionalText(key));
    }

    public Optional<String> optionalText(String key) {
        return value(key).map(value -> scalar(key, value, "a string"));
    }

    /** Whether the value of {@code key} is this very word, such as none or all. */
    public boolean isWord(String key, String word) {
        return value(key).filter(value -> value.unwrapped().equals(word)).isPresent();
    }

    public boolean flag(String key) {
        ConfigValue value = required(key, value(key));
        String text = value.unwrapped().toString();
        if (!text.equals("true") && !text.equals("false")) {
            throw wrong(key, value, "is not true or false");
        }
        return text.equals("true");
    }

    public int integer(String key, Range range) {
        return required(key, optionalInteger(key, range).stream().boxed().findFirst());
    }

    public OptionalInt optionalInteger(String key, Range range) {
        Optional<Long> whole = whole(key, range.atMost(Math.min(range.maximum(), Integer.MAX_VALUE)));
        return whole.isPresent() ? OptionalInt.of(whole.get().intValue()) : OptionalInt.empty();
    }

    public long longInteger(String key, Range range) {
        return required(key, whole(key, range));
    }

    public OptionalLong optionalLong(String key, Range range) {
        Optional<Long> whole = whole(key, range);
        return whole.isPresent() ? OptionalLong.of(whole.get()) : OptionalLong.empty();
    }

    public double number(String key, Range range) {
        return required(key, optionalNumber(key, range).stream().boxed().findFirst());
    }

    public OptionalDouble optionalNumber(String key, Range range) {
        Optional<ConfigValue> value = value(key);
        return value.isPresent() ? OptionalDouble.of(number(key, value.get(), range)) : OptionalDouble.empty();
    }

    /** The constant of {@code type} that is written in kebab-case: NON_ATTENTION is non-attention. */
    public <E extends Enum<E>> E choice(String key, Class<E> type) {
        return required(key, optionalChoice(key, type));
    }

    public <E extends Enum<E>> Optional<E> optionalChoice(String key, Class<E> type) {
        return value(key).map(value -> choice(key, value, type));
    }

    /** A list of {@linkplain #choice choices}. */
    public <E extends Enum<E>> List<E> choices(String key, Class<E> type) {
        return items(key).stream().map(item -> choice(key, item, type)).toList();
    }

    private static <E extends Enum<E>> E choice(String key, ConfigValue value, Class<E> type) {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> kebab(constant).equals(value.unwrapped()))
                .findFirst()
                .orElseThrow(() -> wrong(
                        key,
                        value,
                        "is not one of "
                                + Arrays.stream(type.getEnumConstants())
                                        .map(StrictConfig::kebab)
                                        .collect(Collectors.joining(", "))));
    }

    /** A list of strings; a single string is a list of what stands between its commas. */
    public List<String> texts(String key) {
        return items(key).stream().map(item -> scalar(key, item, "a string")).toList();
    }

    public List<Double> numbers(String key, Range range) {
        return items(key).stream().map(item -> number(key, item, range)).toList();
    }

    public List<Integer> integers(String key, Range range) {
        return longIntegers(key, range.atMost(Integer.MAX_VALUE)).stream()
                .map(Math::toIntExact)
                .toList();
    }

    public List<Long> longIntegers(String key, Range range) {
        return items(key).stream().map(item -> whole(key, item, range)).toList();
    }

    /** All below {@code key}, whatever the names: dotted names and their values. */
    public Map<String, String> section(String key) {
        return section(key, false);
    }

    /** The same where values may also be lists, which are given back in brackets. */
    public Map<String, String> sectionOfSettings(String key) {
        return section(key, true);
    }

    private Map<String, String> section(String key, boolean withLists) {
        ConfigValue value = required(key, value(key));
        freeSections.add(key);
        if (!(value instanceof ConfigObject object)) {
            throw wrong(key, value, "is not a section { ... }");
        }
        Map<String, String> entries = new TreeMap<>();
        object.toConfig()
                .entrySet()
                .forEach(entry -> entries.put(
                        String.join(".", ConfigUtil.splitPath(entry.getKey())),
                        withLists && entry.getValue() instanceof ConfigList list
                                ? list.unwrapped().toString()
                                : scalar(key + "." + entry.getKey(), entry.getValue(), "a string")));
        return entries;
    }

    // ---- errors ----

    /** An error about the value of {@code key}, with file and line: for rules that concern several keys. */
    public ConfigException error(String key, String what) {
        return wrong(key, config.getValue(key), what);
    }

    /** @throws ConfigException where a key was not read, naming each with the key that was probably meant */
    public void rejectUnread() {
        Map<String, ConfigValue> unread = new TreeMap<>();
        collect("", config.root(), unread);
        if (!unread.isEmpty()) {
            throw new ConfigException(unread.entrySet().stream()
                    .map(e -> "unknown key " + e.getKey() + " ("
                            + place(e.getValue().origin()) + ")"
                            + Spelling.nearest(e.getKey(), read)
                                    .map(key -> ", did you mean " + key + "?")
                                    .orElse(""))
                    .collect(Collectors.joining("; ")));
        }
    }

    private void collect(String prefix, ConfigObject object, Map<String, ConfigValue> unread) {
        object.forEach((name, value) -> {
            String key = prefix + ConfigUtil.quoteString(name).replaceAll("^\"([A-Za-z0-9_-]+)\"$", "$1");
            if (read.contains(key) || freeSections.contains(key)) {
                return;
            }
            if (value instanceof ConfigObject section && !section.isEmpty()) {
                collect(key + ".", section, unread);
            } else {
                unread.put(key, value);
            }
        });
    }

    // ---- values ----

    private Optional<ConfigValue> value(String key) {
        read.add(key);
        if (!config.hasPathOrNull(key)) {
            refuseScalarAbove(key);
            throw new IllegalStateException("reference.conf has no key " + key);
        }
        if (config.getIsNull(key) || config.getValue(key).unwrapped().equals(UNSET)) {
            return Optional.empty();
        }
        return Optional.of(config.getValue(key));
    }

    private void refuseScalarAbove(String key) {
        List<String> path = ConfigUtil.splitPath(key);
        for (int n = 1; n < path.size(); n++) {
            String above = ConfigUtil.joinPath(path.subList(0, n));
            if (config.hasPath(above) && config.getValue(above).valueType() != ConfigValueType.OBJECT) {
                throw wrong(above, config.getValue(above), "is not a section { ... }");
            }
        }
    }

    private List<ConfigValue> items(String key) {
        lists.add(key);
        Optional<ConfigValue> value = value(key);
        if (value.isEmpty()) {
            return List.of();
        }
        if (value.get() instanceof ConfigList list) {
            return list;
        }
        String text = scalar(key, value.get(), "a list [ ... ]");
        List<ConfigValue> items = new ArrayList<>();
        for (String item : text.split(",")) {
            items.add(ConfigValueFactory.fromAnyRef(item.strip())
                    .withOrigin(value.get().origin()));
        }
        return items;
    }

    private Optional<Long> whole(String key, Range range) {
        return value(key).map(value -> whole(key, value, range));
    }

    private long whole(String key, ConfigValue value, Range range) {
        numeric.add(key);
        double number = parse(value);
        if (number != Math.rint(number) || Math.abs(number) > MAX_EXACT) {
            throw wrong(key, value, "is not a whole number");
        }
        return (long) inRange(key, value, number, range);
    }

    private double number(String key, ConfigValue value, Range range) {
        numeric.add(key);
        double number = parse(value);
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            throw wrong(key, value, "is not a number");
        }
        return inRange(key, value, number, range);
    }

    private static double inRange(String key, ConfigValue value, double number, Range range) {
        if (!range.holds(number)) {
            throw wrong(key, value, "is out of range: it must be " + range);
        }
        return number;
    }

    private static double parse(ConfigValue value) {
        if (value.unwrapped() instanceof Number number) {
            return number.doubleValue();
        }
        try {
            return value.unwrapped() instanceof String text ? Double.parseDouble(text) : Double.NaN;
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private static String scalar(String key, ConfigValue value, String kind) {
        ConfigValueType type = value.valueType();
        if (type == ConfigValueType.OBJECT || type == ConfigValueType.LIST || type == ConfigValueType.NULL) {
            throw wrong(key, value, "is not " + kind);
        }
        return value.unwrapped().toString();
    }

    private static <T> T required(String key, Optional<T> value) {
        return value.orElseThrow(() -> new ConfigException(
                key + " is not set: give it a value in the configuration" + " file, or by -D " + key + "=VALUE"));
    }

    private static ConfigException wrong(String key, ConfigValue value, String what) {
        String shown = value.render(ConfigRenderOptions.concise());
        return new ConfigException(key + " = " + shown + " (" + place(value.origin()) + ") " + what);
    }

    private static String place(ConfigOrigin origin) {
        String name = origin.filename() == null ? origin.description() : origin.filename();
        return origin.filename() != null && origin.lineNumber() > 0 ? name + ", line " + origin.lineNumber() : name;
    }

    private static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replaceAll("(?<!\\d)_|_(?!\\d)", "-"); // but q8_0
    }

    // ---- echo ----

    /**
     * Every key with its value as text, dotted: lists in brackets, what was read as a number in one spelling. Keys that
     * are null are left out. Given back as overrides it makes the same configuration.
     */
    public Map<String, String> flat() {
        Map<String, String> flat = new TreeMap<>();
        config.entrySet().forEach(entry -> flat.put(entry.getKey(), flat(entry.getKey(), entry.getValue())));
        return Collections.unmodifiableMap(flat);
    }

    private String flat(String key, ConfigValue value) {
        boolean number = numeric.contains(key);
        if (lists.contains(key)) {
            return items(key).stream()
                    .map(item -> number
                            ? flatNumber(item)
                            : ConfigUtil.quoteString(item.unwrapped().toString()))
                    .collect(Collectors.joining(", ", "[", "]"));
        }
        return number ? flatNumber(value) : value.unwrapped().toString();
    }

    private static String flatNumber(ConfigValue value) {
        return shortest(parse(value));
    }

    /** A number in one spelling, whole numbers without a point. */
    static String shortest(double number) {
        boolean whole = number == Math.rint(number) && Math.abs(number) < MAX_EXACT;
        return whole ? Long.toString((long) number) : Double.toString(number);
    }
}
