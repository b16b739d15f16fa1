package org.xecomla.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Section {@code sweep}: the axes along which a run is varied. An empty axis keeps the run's own setting.
 *
 * @param kvBudgets shares of the base's KV elements, or ranks
 * @param methods values of {@code upcycle.method}
 * @param codecs values of {@code targets.codec}
 * @param tokens values of {@code distill.tokens}
 * @param recipes named sets of settings: dotted keys and values; a value with alternatives is tuned
 * @param seeds values of {@code run.seed}
 * @param testWindows windows at the end of the validation text that the table is measured on; empty: those of {@code
 *     eval.max-windows}
 */
public record SweepConfig(
        List<KvBudget> kvBudgets,
        List<UpcycleConfig.Method> methods,
        List<TargetsConfig.Codec> codecs,
        List<Long> tokens,
        Map<String, Map<String, String>> recipes,
        List<Long> seeds,
        OptionalLong testWindows) {
    private static final String RECIPES = "sweep.recipes";
    private static final String ALTERNATIVES = "\\s*\\|\\s*";
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
                config.longIntegers("sweep.tokens", Range.atLeast(1)),
                recipes(config),
                config.longIntegers("sweep.seeds", Range.atLeast(0)),
                config.optionalLong("sweep.test-windows", Range.atLeast(1)));
    }

    private static Map<String, Map<String, String>> recipes(StrictConfig config) {
        Map<String, Map<String, String>> recipes = new TreeMap<>();
        config.sectionOfSettings(RECIPES).forEach((key, value) -> {
            int dot = key.indexOf('.');
            String setting = key.substring(dot + 1);
            boolean ofSets = setting.equals("distill.recipe") || setting.equals("upcycle.profile");
            if (dot < 1 || ofSets || setting.startsWith("sweep.")) {
                throw config.error(
                        RECIPES,
                        "has " + key + " = " + value + ": write a name, then settings of a run one by one, such as"
                                + " small-steps { distill.batch-sequences = 2 }; sets of defaults (distill.recipe,"
                                + " upcycle.profile) are none of them");
            }
            recipes.computeIfAbsent(key.substring(0, dot), name -> new TreeMap<>())
                    .put(setting, value);
        });
        return recipes;
    }

    /** Every choice among the alternatives of {@code recipe}, by a short label; one with an empty label where none. */
    public static Map<String, Map<String, String>> choices(Map<String, String> recipe) {
        Map<String, Map<String, String>> choices = new LinkedHashMap<>();
        choices.put("", new TreeMap<>());
        for (Map.Entry<String, String> setting : recipe.entrySet()) {
            String[] values = setting.getValue().split(ALTERNATIVES);
            Map<String, Map<String, String>> longer = new LinkedHashMap<>();
            choices.forEach((label, settings) -> {
                for (String value : values) {
                    Map<String, String> more = new TreeMap<>(settings);
                    more.put(setting.getKey(), value);
                    longer.put(values.length == 1 ? label : label.isEmpty() ? value : label + "-" + value, more);
                }
            });
            choices = longer;
        }
        return choices;
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
        return kvBudgets.isEmpty()
                && methods.isEmpty()
                && codecs.isEmpty()
                && tokens.isEmpty()
                && recipes.isEmpty()
                && seeds.isEmpty();
    }
}
