package org.xecomla.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException.NotResolved;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.xecomla.errors.ConfigException;

/**
 * How long a configuration gets when every {@code ${key}} in it stands for its value: a page of them can be longer than
 * any memory.
 */
final class UnfoldedSize {
    private static final long MAX_CHARS = 1 << 22;
    private static final int MAX_DEPTH = 200;
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{\\??([^}]*)}");

    private final TreeMap<String, String> leaves = new TreeMap<>();
    private final Map<String, Long> sizes = new HashMap<>();

    private UnfoldedSize(Config config) {
        collect("", config.root());
    }

    /** @throws ConfigException where it is beyond all sense */
    static void check(Config unresolved) {
        UnfoldedSize size = new UnfoldedSize(unresolved);
        size.leaves.keySet().forEach(key -> size.of(key, 0));
    }

    private void collect(String prefix, ConfigObject object) {
        for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
            String key = prefix + entry.getKey();
            try {
                if (entry.getValue() instanceof ConfigObject inner && !inner.isEmpty()) {
                    collect(key + ".", inner);
                    continue;
                }
            } catch (NotResolved merged) {
                // an object that is put together later: its text says of what
            }
            leaves.put(key, entry.getValue().render(ConfigRenderOptions.concise()));
        }
    }

    /** Characters of the value of a key, or of all keys below it. */
    private long of(String key, int depth) {
        Long known = sizes.get(key);
        if (known != null) {
            return known;
        }
        if (depth > MAX_DEPTH) {
            throw new ConfigException(
                    key + " refers to a value that refers to another, more than " + MAX_DEPTH + " times in a row");
        }
        sizes.put(key, 0L); // a circle is an error of its own
        long size = 0;
        if (leaves.containsKey(key)) {
            size = ofText(leaves.get(key), depth);
        } else {
            for (String below : leaves.subMap(key + ".", key + "/").keySet()) {
                size += of(below, depth + 1);
            }
        }
        if (size > MAX_CHARS) {
            throw new ConfigException(key + " is longer than " + MAX_CHARS
                    + " characters once every ${...} in it stands for its value: nobody can mean that");
        }
        sizes.put(key, size);
        return size;
    }

    private long ofText(String text, int depth) {
        long size = text.length();
        Matcher references = REFERENCE.matcher(text);
        while (references.find()) {
            size += of(references.group(1).replace("\"", ""), depth + 1);
        }
        return size;
    }
}
