package org.xecomla.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.xecomla.errors.UserException;
import org.xecomla.files.JsonFaults;

/**
 * What a sweep has found: how near to the teacher a student comes with how much cache.
 *
 * @param kvDtype type of a cached element, as {@code config.json} names types
 */
public record Frontier(@JsonProperty("kv_dtype") String kvDtype, Model base, List<Run> runs) {
    public static final String FILE = "frontier.json";

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /**
     * A model that was measured.
     *
     * @param kl nats a position, teacher to model
     * @param kvElements cached elements of one token, over all layers
     */
    public record Model(
            double perplexity,
            @JsonProperty("kl_to_teacher") double kl,
            @JsonProperty("kv_elements_per_token") long kvElements,
            @JsonProperty("kv_bytes_per_token") long kvBytes) {}

    /**
     * One run.
     *
     * @param tokens that it was distilled on
     * @param kvLoraRank of a latent layer
     * @param ropeDim dimensions of its rope key
     * @param recipe its name; null or empty: none
     * @param choice among the recipe's alternatives; null or empty: it has none
     * @param seed of the run
     * @param selection KL on the windows that alternatives are chosen on
     * @param start right after initialisation
     */
    public record Run(
            String name,
            String method,
            String codec,
            long tokens,
            @JsonProperty("kv_lora_rank") int kvLoraRank,
            @JsonProperty("qk_rope_head_dim") int ropeDim,
            String recipe,
            String choice,
            long seed,
            @JsonProperty("selection_kl") double selection,
            Model start,
            Model distilled) {
        public Run {
            recipe = recipe == null ? "" : recipe;
            choice = choice == null ? "" : choice;
        }

        /** All that runs have in common of which the best is shown. */
        private List<Object> question() {
            return List.of(method, codec, tokens, recipe, start.kvElements, kvLoraRank + ropeDim);
        }
    }

    public Frontier {
        runs = List.copyOf(runs);
    }

    /**
     * Of runs that differ in nothing but the choice among a recipe's alternatives, and in seeds, those of the choice
     * with the least mean divergence on the windows for that.
     */
    public List<Run> shown() {
        Map<List<Object>, Map<String, Double>> means = new LinkedHashMap<>();
        for (Run run : runs) {
            means.computeIfAbsent(run.question(), question -> runs.stream()
                    .filter(other -> other.question().equals(question))
                    .collect(Collectors.groupingBy(Run::choice, Collectors.averagingDouble(Run::selection))));
        }
        return runs.stream()
                .filter(run -> {
                    Map<String, Double> choices = means.get(run.question());
                    return choices.get(run.choice) <= Collections.min(choices.values());
                })
                .toList();
    }

    double share(Run run) {
        return (double) run.distilled.kvElements / base.kvElements;
    }

    /** The columns of the table, its heading first. */
    List<List<String>> rows() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                "run",
                "KV bytes per token",
                "of base",
                "perplexity",
                "KL",
                "perplexity at start",
                "KL at start",
                "rank + rope"));
        rows.add(List.of(
                "base",
                TextTable.count(base.kvBytes),
                TextTable.percent(1),
                number(base.perplexity),
                number(base.kl),
                "",
                "",
                ""));
        for (Run run : shown()) {
            rows.add(List.of(
                    run.name,
                    TextTable.count(run.distilled.kvBytes),
                    TextTable.percent(share(run)),
                    number(run.distilled.perplexity),
                    number(run.distilled.kl),
                    number(run.start.perplexity),
                    number(run.start.kl),
                    run.kvLoraRank + " + " + run.ropeDim));
        }
        return rows;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%.4f" : "%,.1f", value);
    }

    /** Aligned columns and a line on what they are. */
    public String toText() {
        return TextTable.of(rows()) + note() + System.lineSeparator();
    }

    /** What the figures are. */
    String note() {
        return "KL to the teacher in nats per position; KV cache over all layers, bytes in " + kvDtype;
    }

    /** KL and perplexity over the cache: a colour a kind of run, its start dashed. */
    public List<SvgChart> charts() {
        List<Double> sizes = Stream.concat(runs.stream().map(Run::distilled), Stream.of(base))
                .map(model -> (double) model.kvBytes)
                .distinct()
                .sorted()
                .toList();
        SvgChart.Axis cache = new SvgChart.Axis("KV bytes per token, " + kvDtype, true, sizes);
        List<SvgChart.Series> perplexities = new ArrayList<>(series(Model::perplexity));
        perplexities.add(new SvgChart.Series(
                "base",
                SvgChart.NEUTRAL,
                SvgChart.Style.LINE,
                DoubleStream.of(sizes.get(0), base.kvBytes)
                        .mapToObj(bytes -> new SvgChart.Point(bytes, base.perplexity))
                        .toList()));
        return List.of(
                new SvgChart("KL to the teacher", cache, SvgChart.Axis.log("nats per position"), series(Model::kl)),
                new SvgChart("Perplexity", cache, SvgChart.Axis.log("perplexity"), perplexities));
    }

    private List<SvgChart.Series> series(ToDoubleFunction<Model> value) {
        List<SvgChart.Series> all = new ArrayList<>();
        kinds().forEach((kind, ofKind) -> {
            int colour = all.size() / 2;
            all.add(new SvgChart.Series(kind, colour, SvgChart.Style.MARKED, points(ofKind, Run::distilled, value)));
            all.add(new SvgChart.Series(
                    kind + ", start", colour, SvgChart.Style.DASHED_MARKED, points(ofKind, Run::start, value)));
        });
        return all;
    }

    private static List<SvgChart.Point> points(
            List<Run> runs, Function<Run, Model> which, ToDoubleFunction<Model> value) {
        return runs.stream()
                .map(which)
                .map(model -> new SvgChart.Point(model.kvBytes, value.applyAsDouble(model)))
                .sorted((a, b) -> Double.compare(a.x(), b.x()))
                .toList();
    }

    /** Runs that differ in nothing but their cache, by what tells them from the others. */
    private Map<String, List<Run>> kinds() {
        List<Function<Run, String>> axes = Stream.<Function<Run, String>>of(
                        Run::method, Run::recipe, Run::codec, run -> AxisScale.name(run.tokens) + " tokens")
                .filter(axis -> runs.stream().map(axis).distinct().count() > 1)
                .toList();
        Map<String, List<Run>> kinds = new LinkedHashMap<>();
        for (Run run : shown()) {
            String kind =
                    String.join(", ", axes.stream().map(axis -> axis.apply(run)).toList());
            kinds.computeIfAbsent(kind.isEmpty() ? "distilled" : kind, k -> new ArrayList<>())
                    .add(run);
        }
        return kinds;
    }

    public String toJson() {
        try {
            return JSON.writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of strings and numbers is always JSON", e);
        }
    }

    /** @throws UserException where {@code json} is not what {@link #toJson} writes */
    public static Frontier fromJson(String json) {
        try {
            return JSON.readValue(json, Frontier.class);
        } catch (JsonProcessingException e) {
            throw new UserException("the result of a sweep " + JsonFaults.describe(e), e);
        }
    }
}
