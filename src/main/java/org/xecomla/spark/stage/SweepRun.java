package org.xecomla.spark.stage;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.xecomla.config.RunConfig;
import org.xecomla.config.SweepConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.run.RunLayout;

/**
 * One combination of a sweep's values, as a run of its own.
 *
 * @param name of its directory, by the values of the axes
 * @param recipe of {@code sweep.recipes}; empty: none
 * @param choice among its alternatives; empty: it has none
 * @param config with one replica
 */
public record SweepRun(String name, String recipe, String choice, RunConfig config, RunLayout layout)
        implements Serializable {
    private static final Map<String, String> ALONE = Map.of(
            "distill.replicas",
            "1",
            "sweep.kv-budgets",
            "[]",
            "sweep.methods",
            "[]",
            "sweep.codecs",
            "[]",
            "sweep.tokens",
            "[]",
            "sweep.seeds",
            "[]");

    /** One value of an axis: how it is called, and what it sets; that of a recipe, and what of it is chosen. */
    private record Choice(String label, Map<String, String> settings, String recipe, String chosen) {
        Choice(String label, Map<String, String> settings) {
            this(label, settings, "", "");
        }
    }

    /**
     * Every combination, those of one method one after the other.
     *
     * @throws ConfigException where no axis has a value
     */
    public static List<SweepRun> all(RunConfig config) {
        SweepConfig sweep = config.sweep();
        if (sweep.isEmpty()) {
            throw new ConfigException("nothing to sweep: give sweep.kv-budgets, sweep.methods, sweep.codecs,"
                    + " sweep.tokens, sweep.recipes or sweep.seeds at least one value");
        }
        List<Choice> methods = sweep.methods().stream()
                .map(method -> choice("upcycle.method", kebab(method)))
                .toList();
        List<Choice> budgets = sweep.kvBudgets().stream()
                .map(budget -> new Choice(budget.label(), budget.settings()))
                .toList();
        List<Choice> codecs = sweep.codecs().stream()
                .map(codec -> choice("targets.codec", kebab(codec)))
                .toList();
        List<Choice> tokens = sweep.tokens().stream()
                .map(count -> new Choice("tokens" + count, Map.of("distill.tokens", Long.toString(count))))
                .toList();
        List<Choice> seeds = sweep.seeds().stream()
                .map(seed -> new Choice("seed" + seed, Map.of("run.seed", Long.toString(seed))))
                .toList();
        List<List<Choice>> combinations = List.of(List.of());
        for (List<Choice> axis : List.of(methods, codecs, tokens, recipes(sweep), seeds, budgets)) {
            combinations = axis.isEmpty() ? combinations : times(combinations, axis);
        }
        return combinations.stream()
                .map(choices -> run(config, choices))
                .distinct()
                .toList();
    }

    private static List<Choice> recipes(SweepConfig sweep) {
        List<Choice> all = new ArrayList<>();
        sweep.recipes().forEach((name, recipe) -> SweepConfig.choices(recipe)
                .forEach((label, settings) ->
                        all.add(new Choice(label.isEmpty() ? name : name + "-" + label, settings, name, label))));
        return all;
    }

    private static Choice choice(String key, String value) {
        return new Choice(value, Map.of(key, value));
    }

    private static List<List<Choice>> times(List<List<Choice>> combinations, List<Choice> axis) {
        List<List<Choice>> longer = new ArrayList<>();
        for (List<Choice> combination : combinations) {
            for (Choice choice : axis) {
                longer.add(
                        Stream.concat(combination.stream(), Stream.of(choice)).toList());
            }
        }
        return longer;
    }

    private static SweepRun run(RunConfig config, List<Choice> choices) {
        Map<String, String> changes = new LinkedHashMap<>(ALONE);
        choices.forEach(choice -> changes.putAll(choice.settings));
        String name = String.join("-", choices.stream().map(Choice::label).toList());
        RunConfig own = config.with(changes);
        RunLayout layout = RunLayout.of(config);
        String targets = targets(config, own);
        if (!targets.isEmpty()) {
            layout = layout.withTargets(targets);
        }
        String recipe = choices.stream().map(Choice::recipe).collect(Collectors.joining());
        String chosen = choices.stream().map(Choice::chosen).collect(Collectors.joining());
        return new SweepRun(name, recipe, chosen, own, layout.ofSweep(name));
    }

    /** What tells a run's targets from those of the run that is varied: codec, its settings, seed. */
    private static String targets(RunConfig config, RunConfig own) {
        List<String> words = new ArrayList<>();
        if (own.targets().codec() != config.targets().codec()) {
            words.add(kebab(own.targets().codec()));
        }
        Map<String, String> before = config.settings("targets");
        own.settings("targets").forEach((key, value) -> {
            if (!key.equals("targets.codec") && !value.equals(before.get(key))) {
                words.add(key.substring("targets.".length()) + value);
            }
        });
        if (own.run().seed() != config.run().seed()) {
            words.add("seed" + own.run().seed());
        }
        return String.join("-", words);
    }

    static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
