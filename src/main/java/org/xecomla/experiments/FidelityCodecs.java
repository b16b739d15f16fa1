package org.xecomla.experiments;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.xecomla.errors.ConfigException;
import org.xecomla.targets.TargetCodec;

/**
 * Codecs as they are named on the command line: {@code dense}, {@code sampled:50}, {@code stratified:50},
 * {@code topk:16}.
 */
final class FidelityCodecs {
    private static final Pattern NAME = Pattern.compile("(dense)|(sampled|stratified):(\\d+)|(topk):(\\d+)");

    private FidelityCodecs() {}

    /** @throws ConfigException where {@code name} is none */
    static TargetCodec of(String name, double temperature, long seed) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            throw new ConfigException(
                    "--codecs has " + name + ", which is not of the form dense, sampled:N, stratified:N or topk:K");
        }
        Map<String, String> settings = new HashMap<>();
        settings.put("temperature", Double.toString(temperature));
        settings.put("seed", Long.toString(seed));
        settings.put("draws", "stratified".equals(matcher.group(2)) ? "stratified" : "independent");
        if (matcher.group(1) != null) {
            settings.put("codec", "dense");
        } else if (matcher.group(2) != null) {
            settings.put("codec", "sampled");
            settings.put("samples", matcher.group(3));
        } else {
            settings.put("codec", "topk");
            settings.put("k", matcher.group(5));
        }
        return TargetCodec.of(settings::get);
    }
}
