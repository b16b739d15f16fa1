package org.xecomla.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * The table at the end of a run: the base model, the student right after initialisation, the student after distillation
 * and, where there is such a stage, after training on preferences.
 *
 * @param preferred empty: no preferences
 * @param kvDtype type of a cached element, as {@code config.json} names types
 */
public record ResultTable(Row base, Row initialised, Row distilled, Optional<Row> preferred, String kvDtype) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LINE = "%-26s %10s  %13s  %17s  %14s  %7s%n";

    /**
     * One model.
     *
     * @param klToTeacher nats a position; empty: not measured
     * @param kvElementsPerToken cached elements of one token, over all layers
     */
    public record Row(
            String model,
            double perplexity,
            OptionalDouble klToTeacher,
            long kvElementsPerToken,
            long kvBytesPerToken) {}

    /** A run without preferences. */
    public ResultTable(Row base, Row initialised, Row distilled, String kvDtype) {
        this(base, initialised, distilled, Optional.empty(), kvDtype);
    }

    /** Share of the initial divergence from the teacher that distillation removed; empty where it was not measured. */
    public OptionalDouble klGapClosed() {
        if (initialised.klToTeacher().isEmpty() || distilled.klToTeacher().isEmpty()) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(1
                - distilled.klToTeacher().getAsDouble()
                        / initialised.klToTeacher().getAsDouble());
    }

    /** Aligned columns, 95 characters wide, with a line on what the figures are. Ends with a line break. */
    public String toText() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                LINE,
                "",
                "perplexity",
                "KL to teacher",
                "KV elements/token",
                "KV bytes/token",
                "of base"));
        for (Row row : rows()) {
            text.append(String.format(
                    Locale.ROOT,
                    LINE,
                    row.model(),
                    number("%.3f", OptionalDouble.of(row.perplexity())),
                    number("%.4f", row.klToTeacher()),
                    String.format(Locale.ROOT, "%,d", row.kvElementsPerToken()),
                    String.format(Locale.ROOT, "%,d", row.kvBytesPerToken()),
                    percent(share(row))));
        }
        text.append("KL in nats per position; KV cache over all layers, bytes in ")
                .append(kvDtype);
        klGapClosed().ifPresent(closed -> text.append("; distillation closed ")
                .append(percent(closed))
                .append(" of the KL gap"));
        return text.append(System.lineSeparator()).toString();
    }

    /** Keys {@code models} (one object a row), {@code kv_dtype} and, where measured, {@code kl_gap_closed}. */
    public String toJson() {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode models = root.putArray("models");
        for (Row row : rows()) {
            ObjectNode node = models.addObject();
            node.put("model", row.model());
            node.put("perplexity", row.perplexity());
            row.klToTeacher().ifPresent(kl -> node.put("kl_to_teacher", kl));
            node.put("kv_elements_per_token", row.kvElementsPerToken());
            node.put("kv_bytes_per_token", row.kvBytesPerToken());
            node.put("kv_share_of_base", share(row));
        }
        root.put("kv_dtype", kvDtype);
        klGapClosed().ifPresent(closed -> root.put("kl_gap_closed", closed));
        return root.toPrettyString() + "\n";
    }

    private List<Row> rows() {
        return Stream.concat(Stream.of(base, initialised, distilled), preferred.stream())
                .toList();
    }

    private double share(Row row) {
        return (double) row.kvElementsPerToken() / base.kvElementsPerToken();
    }

    private static String number(String format, OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, format, value.getAsDouble()) : "-";
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
