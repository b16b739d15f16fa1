package org.xecomla.config;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Section {@code sweep}: the axes along which a run is varied. An empty axis keeps the run's own setting.
 *
 * @param kvBudgets shares of the base's KV elements, or ranks
 * @param methods values of {@code upcycle.method}
 * @param codecs values of {@code targets.codec}
 * @param tokens values of {@code distill.tokens}
 */
public record SweepConfig(
        List<KvBudget> kvBudgets,
        List<UpcycleConfig.Method> methods,
        List<TargetsConfig.Codec> codecs,
        List<Long> tokens) {
    private static final Pattern SHARE = Pattern.compile("(\\d+(?:\\.\\d+)?) ?%");
    private static final Pattern RANK = Pattern.compile("[1-9]\\d{0,8}");
    private static final double PERCENT = 100;

    /**
     * What a student may cache.
     *
     * @param percent of the base's KV elements; 0: a rank
     * @param rank of the KV latent beside the rope key; 0: a share
     */
    public record KvBudget(double percent, int rank) {
        /** The settings that this budget stands for. */
        public Map<String, String> settings() {
            return rank > 0
                    ? Map.of("upcycle.kv-lora-rank", Integer.toString(rank))
                    : Map.of("upcycle.kv-lora-rank", "auto", "upcycle.kv-budget", Double.toString(percent / PERCENT));
        }

        /** Short, fit for a file's name: kv15.6 or rank16. */
        public String label() {
            return rank > 0 ? "rank" + rank : "kv" + StrictConfig.shortest(percent);
        }
    }

    static SweepConfig of(StrictConfig config) {
        return new SweepConfig(
                config.texts("sweep.kv-budgets").stream()
                        .map(text -> budget(config, text))
                        .toList(),
                config.choices("sweep.methods", UpcycleConfig.Method.class),
                config.choices("sweep.codecs", TargetsConfig.Codec.class),
                config.longIntegers("sweep.tokens", Range.atLeast(1)));
    }

    private static KvBudget budget(StrictConfig config, String text) {
        var share = SHARE.matcher(text);
        if (share.matches()) {
            double percent = Double.parseDouble(share.group(1));
            if (percent > 0 && percent <= PERCENT) {
                return new KvBudget(percent, 0);
            }
        } else if (RANK.matcher(text).matches()) {
            return new KvBudget(0, Integer.parseInt(text));
        }
        throw config.error(
                "sweep.kv-budgets", "has " + text + ", which is neither a share such as 25% nor a rank such as 16");
    }

    /** Whether nothing is varied. */
    public boolean isEmpty() {
        return kvBudgets.isEmpty() && methods.isEmpty() && codecs.isEmpty() && tokens.isEmpty();
    }
}
