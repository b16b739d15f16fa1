package org.xecomla.bench;

import java.io.IOException;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/**
 * JMH on {@link KernelBenchmark}, and its scores with all kernels of an operation side by side. Takes JMH's options.
 */
public final class KernelTable {
    private KernelTable() {}

    public static void main(String[] args) throws RunnerException, CommandLineOptionException, IOException {
        CommandLineOptions options = new CommandLineOptions(args);
        if (options.shouldHelp()) {
            options.showHelp();
            return;
        }
        System.out.print(of(new Runner(options).run()));
    }

    /**
     * A line an operation: microseconds by every kind of kernels, and how many times as fast as the first the others
     * are.
     */
    static String of(Collection<RunResult> results) {
        Map<String, Map<String, Double>> micros = new TreeMap<>(); // operation, kernels
        for (RunResult result : results) {
            String name = result.getParams().getBenchmark();
            micros.computeIfAbsent(name.substring(name.lastIndexOf('.') + 1), n -> new TreeMap<>(KernelTable::order))
                    .put(
                            result.getParams().getParam("kernels"),
                            result.getPrimaryResult().getScore());
        }
        StringBuilder table = new StringBuilder(String.format("%n%-24s", "microseconds"));
        micros.values().iterator().next().keySet().forEach(kernels -> table.append(String.format("%12s", kernels)));
        micros.forEach((operation, scores) -> table.append(line(operation, scores)));
        return table.append(System.lineSeparator()).toString();
    }

    /** The reference first. */
    private static int order(String a, String b) {
        boolean first = a.equals("reference");
        return first == b.equals("reference") ? a.compareTo(b) : first ? -1 : 1;
    }

    private static String line(String operation, Map<String, Double> scores) {
        StringBuilder line = new StringBuilder(String.format("%n%-24s", operation));
        scores.values().forEach(score -> line.append(String.format(Locale.ROOT, "%,12.1f", score)));
        double first = scores.values().iterator().next();
        scores.values().stream()
                .skip(1)
                .forEach(score -> line.append(String.format(Locale.ROOT, "%8.1f x", first / score)));
        return line.toString();
    }
}
