package org.xecomla.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.JsonFaults;
import org.xecomla.files.SealedFiles;

/**
 * What a training stage measured from round to round, by the names of its measures.
 *
 * @param points by measure: tokens seen and value
 */
record TrainingCurves(Map<String, List<SvgChart.Point>> points) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> NO_MEASURES = Set.of("step", "tokens", "seconds_of_leg");
    private static final Map<String, String> TITLES = Map.of(
            "loss", "Loss",
            "kl", "KL to the teacher",
            "ce", "Cross-entropy",
            "gradient_norm", "Gradient norm",
            "learning_rate", "Learning rate");
    private static final int MOST_POINTS = 300; // more than a small chart has pixels to show apart
    private static final double LOG_FROM = 8; // ratio of largest to least value

    /** The log of the stage in {@code directory}, also of one that still runs; empty where there is none. */
    static TrainingCurves read(Path directory) {
        SortedMap<Long, JsonNode> rounds = new TreeMap<>(); // by step: what a part says anew is what counts
        SealedFiles sealed = SealedFiles.of(directory);
        for (Path file : files(directory)) {
            sealed.readString(file).lines().filter(line -> !line.isBlank()).forEach(line -> {
                JsonNode round = parse(line, file);
                rounds.put(round.path("step").asLong(), round);
            });
        }
        Map<String, List<SvgChart.Point>> points = new LinkedHashMap<>();
        rounds.values().forEach(round -> add(round, points));
        return new TrainingCurves(points);
    }

    /** What was joined at an end, then the parts since. */
    private static List<Path> files(Path directory) {
        Path whole = new Path(directory, "metrics.jsonl");
        Path parts = new Path(directory, "metrics");
        List<Path> files = new ArrayList<>(DataFiles.exists(whole) ? List.of(whole) : List.of());
        files.addAll(DataFiles.exists(parts) ? DataFiles.list(parts) : List.of());
        return files;
    }

    private static JsonNode parse(String line, Path file) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new UserException(DataFiles.display(file) + " has a line that " + JsonFaults.describe(e), e);
        }
    }

    private static void add(JsonNode round, Map<String, List<SvgChart.Point>> points) {
        round.fields().forEachRemaining(entry -> {
            if (!NO_MEASURES.contains(entry.getKey()) && entry.getValue().isNumber()) {
                points.computeIfAbsent(entry.getKey(), name -> new ArrayList<>())
                        .add(new SvgChart.Point(
                                round.path("tokens").asDouble(),
                                entry.getValue().asDouble()));
            }
        });
    }

    List<SvgChart> charts() {
        return points.entrySet().stream()
                .map(entry -> chart(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static SvgChart chart(String name, List<SvgChart.Point> points) {
        double least = points.stream().mapToDouble(SvgChart.Point::y).min().orElse(0);
        double most = points.stream().mapToDouble(SvgChart.Point::y).max().orElse(0);
        boolean log = least > 0 && most / least > LOG_FROM && !name.equals("learning_rate");
        String title = TITLES.getOrDefault(name, name.replace('_', ' '));
        String unit =
                name.equals("kl") || name.equals("ce") ? "nats per position" : title.toLowerCase(java.util.Locale.ROOT);
        return new SvgChart(
                title,
                SvgChart.Axis.linear("tokens"),
                new SvgChart.Axis(unit, log, List.of()),
                List.of(new SvgChart.Series(title, 0, SvgChart.Style.LINE, thinned(points))));
    }

    /** Means of neighbours. */
    private static List<SvgChart.Point> thinned(List<SvgChart.Point> points) {
        int stride = (points.size() + MOST_POINTS - 1) / MOST_POINTS;
        List<SvgChart.Point> thinned = new ArrayList<>();
        for (int from = 0; from < points.size(); from += stride) {
            List<SvgChart.Point> some = points.subList(from, Math.min(points.size(), from + stride));
            thinned.add(new SvgChart.Point(
                    some.stream().mapToDouble(SvgChart.Point::x).average().orElseThrow(),
                    some.stream().mapToDouble(SvgChart.Point::y).average().orElseThrow()));
        }
        return thinned;
    }
}
