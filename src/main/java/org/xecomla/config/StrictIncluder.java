package org.xecomla.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigParseable;
import java.io.File;
import java.net.URL;
import org.xecomla.errors.ConfigException;

/**
 * Includes of one configuration file: files of this machine, which have to be there. By itself the library passes over
 * what is missing, so that a run trains by defaults where a path is misspelt.
 */
final class StrictIncluder implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    private static final int MAX_INCLUDES = 200;
    private static final int MAX_DEPTH = 20;

    private final String file;
    private int numIncludes;
    private int depth;

    /** @param file that begins, for messages */
    StrictIncluder(String file) {
        this.file = file;
    }

    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
        return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
        count(what);
        ConfigParseable relative = context.relativeTo(what);
        if (relative == null) {
            return includeFile(context, new File(what));
        }
        String place = relative.origin().filename();
        requireReadable(new File(place == null ? what : place));
        return parsed(what, () -> relative.parse(options(context)));
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
        count(what.getPath());
        requireReadable(what);
        return parsed(what.getPath(), () -> ConfigFactory.parseFile(what, options(context))
                .root());
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
        throw new ConfigException(file + " includes " + what + ": only files of this machine can be included");
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
        throw new ConfigException(file + " includes " + what + " from the class path: only files can be included");
    }

    private static ConfigParseOptions options(ConfigIncludeContext context) {
        return context.parseOptions().setAllowMissing(false);
    }

    private void count(String what) {
        if (++numIncludes > MAX_INCLUDES || depth >= MAX_DEPTH) {
            throw new ConfigException(file + " includes more than " + MAX_INCLUDES + " files, or " + MAX_DEPTH
                    + " within each other, " + what + " among them: does one include itself?");
        }
    }

    /** A pipe without a writer is waited for without end, and a device has none. */
    private void requireReadable(File what) {
        if (what.exists() && !what.isFile() && !what.isDirectory()) {
            throw new ConfigException(file + " includes " + what + ", which is a pipe or a device, not a file");
        }
        ConfigSources.requireShort(what, what + ", which " + file + " includes,");
    }

    private interface Parser {
        ConfigObject parse();
    }

    private ConfigObject parsed(String what, Parser parser) {
        depth++;
        try {
            return parser.parse();
        } catch (com.typesafe.config.ConfigException.IO e) {
            throw new ConfigException(
                    "no such configuration file: " + what + ", which " + file + " or a file that it includes, includes",
                    e);
        } finally {
            depth--;
        }
    }
}
