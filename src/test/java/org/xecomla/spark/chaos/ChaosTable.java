package org.xecomla.spark.chaos;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What came of events, by kind, as a table for people; every event is a line of JSON, too. */
final class ChaosTable {
    /** What an event led to. */
    enum Outcome {
        WENT_ON("went on"),
        KILLED("process ended, same command again"),
        NAMED("a person's line"),
        UNCLEAR("anything else");

        private final String words;

        Outcome(String words) {
            this.words = words;
        }
    }

    /** An event that has happened. */
    static final class Event {
        private final ChaosKind kind;
        private final String stage;
        private Outcome outcome = Outcome.WENT_ON;

        Event(ChaosKind kind, String stage) {
            this.kind = kind;
            this.stage = stage;
        }

        void ledTo(Outcome found) {
            outcome = found;
        }
    }

    private final Path log;
    private final Map<ChaosKind, Map<Outcome, Integer>> rows = new EnumMap<>(ChaosKind.class);
    private final Map<ChaosKind, Integer> numWrong = new EnumMap<>(ChaosKind.class);

    /** @param log receives a line an event, appended */
    ChaosTable(Path log) {
        this.log = log;
    }

    int numEvents(ChaosKind kind) {
        return rows.getOrDefault(kind, Map.of()).values().stream()
                .mapToInt(Integer::intValue)
                .sum();
    }

    int numEvents() {
        return rows.keySet().stream().mapToInt(this::numEvents).sum();
    }

    /**
     * Adds the events of a run.
     *
     * @param same whether it ended with the bytes of the undisturbed run
     */
    void add(String run, List<Event> events, boolean same) throws IOException {
        for (Event event : events) {
            rows.computeIfAbsent(event.kind, kind -> new EnumMap<>(Outcome.class))
                    .merge(event.outcome, 1, Integer::sum);
            numWrong.merge(event.kind, same ? 0 : 1, Integer::sum);
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("run", run);
            line.put("stage", event.stage);
            line.put("kind", event.kind.name());
            line.put("outcome", event.outcome.name());
            line.put("same_bytes", same);
            String text = new ObjectMapper().writeValueAsString(line) + "\n";
            Files.writeString(log, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("| event | events |");
        for (Outcome outcome : Outcome.values()) {
            text.append(' ').append(outcome.words).append(" |");
        }
        text.append(" same bytes at the end | wrong results |\n|---|")
                .append("---|".repeat(Outcome.values().length + 3));
        int wrong = 0;
        for (ChaosKind kind : rows.keySet()) {
            wrong += numWrong.get(kind);
            appendRow(text, kind.toString(), rows.get(kind), numWrong.get(kind));
        }
        Map<Outcome, Integer> sums = new EnumMap<>(Outcome.class);
        rows.values().forEach(row -> row.forEach((outcome, count) -> sums.merge(outcome, count, Integer::sum)));
        appendRow(text, "all", sums, wrong);
        return text.toString();
    }

    private static void appendRow(StringBuilder text, String name, Map<Outcome, Integer> row, int wrong) {
        int sum = row.values().stream().mapToInt(Integer::intValue).sum();
        text.append("\n| ").append(name).append(" | ").append(sum).append(" |");
        for (Outcome outcome : Outcome.values()) {
            text.append(' ').append(row.getOrDefault(outcome, 0)).append(" |");
        }
        text.append(' ').append(sum - wrong).append(" | ").append(wrong).append(" |");
    }
}
