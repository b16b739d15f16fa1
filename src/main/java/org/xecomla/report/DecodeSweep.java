package org.xecomla.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.xecomla.errors.UserException;
import org.xecomla.files.JsonFaults;

/**
 * Base and student decoding side by side, over contexts and batches.
 *
 * @param processor that it was measured on
 * @param kvDtype type of a cached element
 * @param newTokens tokens that each sequence decoded up to the context
 */
public record DecodeSweep(
        String base,
        String student,
        String processor,
        int threads,
        @JsonProperty("kv_dtype") String kvDtype,
        @JsonProperty("new_tokens") int newTokens,
        List<Cell> cells) {
    /** Where a run's report looks for one. */
    public static final String FILE = "decode.json";

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final double MEGA = 1e6;

    /**
     * One context and batch.
     *
     * @param baseBytes that the base's cache held while decoding
     * @param studentBytes that the student's cache held
     */
    public record Cell(
            int context,
            int batch,
            @JsonProperty("base_tokens_per_second") double baseRate,
            @JsonProperty("student_tokens_per_second") double studentRate,
            @JsonProperty("base_cache_bytes") long baseBytes,
            @JsonProperty("student_cache_bytes") long studentBytes) {
        double speed() {
            return studentRate / baseRate;
        }

        /** The student's speed in terms of the base's, and a word where it is the lesser. */
        String verdict() {
            return String.format(Locale.ROOT, speed() < 1 ? "slower, %.2fx" : "faster, %.2fx", speed());
        }

        double share() {
            return (double) studentBytes / baseBytes;
        }
    }

    public DecodeSweep {
        cells = List.copyOf(cells);
    }

    /** The columns of the table, its heading first. */
    List<List<String>> rows() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                "context",
                "batch",
                "base tokens/s",
                "student tokens/s",
                "student is",
                "base cache, bytes",
                "student cache, bytes",
                "of base"));
        for (Cell cell : cells) {
            rows.add(List.of(
                    TextTable.count(cell.context),
                    Integer.toString(cell.batch),
                    rate(cell.baseRate),
                    rate(cell.studentRate),
                    cell.verdict(),
                    TextTable.count(cell.baseBytes),
                    TextTable.count(cell.studentBytes),
                    TextTable.percent(cell.share())));
        }
        return rows;
    }

    /** Aligned columns and a line on what they are. */
    public String toText() {
        return TextTable.of(rows()) + note() + System.lineSeparator();
    }

    /** What the figures are, in a sentence. */
    String note() {
        long slower = cells.stream().filter(cell -> cell.speed() < 1).count();
        return String.format(
                Locale.ROOT,
                "the last %d tokens up to the context, all sequences together, %d threads of %s; bytes held by the "
                        + "caches,"
                        + " %s; the student is slower in %d of %d cells",
                newTokens,
                threads,
                processor,
                kvDtype,
                slower,
                cells.size());
    }

    static String rate(double tokensPerSecond) {
        return String.format(Locale.ROOT, tokensPerSecond < 100 ? "%.1f" : "%,.0f", tokensPerSecond);
    }

    /** Rate and memory over the context, a colour a batch, the base dashed. */
    public List<SvgChart> charts() {
        List<Double> contexts = cells.stream()
                .map(cell -> (double) cell.context)
                .distinct()
                .sorted()
                .toList();
        SvgChart.Axis context = new SvgChart.Axis("context, tokens", true, contexts);
        return List.of(
                new SvgChart(
                        "Decoding speed",
                        context,
                        SvgChart.Axis.log("tokens per second"),
                        series(Cell::baseRate, Cell::studentRate)),
                new SvgChart(
                        "KV cache held",
                        context,
                        SvgChart.Axis.log("MB, " + kvDtype),
                        series(cell -> cell.baseBytes / MEGA, cell -> cell.studentBytes / MEGA)));
    }

    private List<SvgChart.Series> series(ToDoubleFunction<Cell> ofBase, ToDoubleFunction<Cell> ofStudent) {
        List<SvgChart.Series> all = new ArrayList<>(series("student", SvgChart.Style.MARKED, ofStudent));
        all.addAll(series("base", SvgChart.Style.DASHED_MARKED, ofBase)); // on top, since a dashed line hides none
        return all;
    }

    private List<SvgChart.Series> series(String model, SvgChart.Style style, ToDoubleFunction<Cell> value) {
        List<Integer> batches =
                cells.stream().map(Cell::batch).distinct().sorted().toList();
        List<SvgChart.Series> all = new ArrayList<>();
        for (int b = 0; b < batches.size(); b++) {
            String name = batches.size() == 1 ? model : model + ", batch " + batches.get(b);
            all.add(new SvgChart.Series(name, b, style, points(batches.get(b), value)));
        }
        return all;
    }

    private List<SvgChart.Point> points(int batch, ToDoubleFunction<Cell> value) {
        return cells.stream()
                .filter(cell -> cell.batch == batch)
                .map(cell -> new SvgChart.Point(cell.context, value.applyAsDouble(cell)))
                .toList();
    }

    public String toJson() {
        try {
            return JSON.writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of strings and numbers is always JSON", e);
        }
    }

    /** @throws UserException where {@code json} is not what {@link #toJson} writes */
    public static DecodeSweep fromJson(String json) {
        try {
            return JSON.readValue(json, DecodeSweep.class);
        } catch (JsonProcessingException e) {
            throw new UserException("a decode sweep " + JsonFaults.describe(e), e);
        }
    }
}
