package org.xecomla.spark;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What came of faults, by stage and by kind, as tables for people. */
final class FaultTable {
    private final Map<String, Integer> numPlaces = new LinkedHashMap<>();
    private final Map<String, Map<FaultBench.Outcome, Integer>> rows = new TreeMap<>();
    private final List<String> failures = new ArrayList<>();
    private int numCases;

    /** Tells how many operations {@code stage} does. */
    void places(String stage, int count) {
        numPlaces.merge(stage, count, Integer::sum);
    }

    void add(String stage, FaultCase fault, FaultBench.Result result) {
        numCases++;
        count("stage " + stage, result.outcome());
        count("kind " + fault.kind(), result.outcome());
        if (result.outcome().ordinal() >= FaultBench.Outcome.UNCLEAR.ordinal()) {
            String failure = result.outcome() + ": " + stage + ", " + fault.kind() + " at " + fault.place() + ": "
                    + result.says();
            System.out.println(failure);
            failures.add(failure);
        }
    }

    private void count(String row, FaultBench.Outcome outcome) {
        rows.computeIfAbsent(row, name -> new EnumMap<>(FaultBench.Outcome.class))
                .merge(outcome, 1, Integer::sum);
    }

    /** Cases that ended in a stack trace or another result. */
    List<String> failures() {
        return failures;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("faults: ")
                .append(numCases)
                .append(" cases at ")
                .append(numPlaces.values().stream().mapToInt(Integer::intValue).sum())
                .append(" places ")
                .append(numPlaces)
                .append("\n| |");
        for (FaultBench.Outcome outcome : FaultBench.Outcome.values()) {
            text.append(' ').append(outcome).append(" |");
        }
        text.append("\n|---|").append("---|".repeat(FaultBench.Outcome.values().length));
        rows.forEach((row, counts) -> {
            text.append("\n| ").append(row).append(" |");
            for (FaultBench.Outcome outcome : FaultBench.Outcome.values()) {
                text.append(' ').append(counts.getOrDefault(outcome, 0)).append(" |");
            }
        });
        return text.toString();
    }
}
