package org.xecomla.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.xecomla.estimate.MemoryEstimate;

/**
 * Turns of this engine and of others, and their medians. Every round all contestants do the same work one after the
 * other; a ratio is taken within its round, so that a neighbour who slows the machine for a while spoils few of them.
 */
public final class BenchReport {
    private final OwnEngine engine;
    private final List<BenchContestant> peers;
    private final BenchShape shape;
    private final BenchShape.Model model;

    private final List<Double> productFlops = new ArrayList<>();
    private final Map<String, Map<BenchContestant.Work, List<Double>>> medians = new HashMap<>();
    private final Map<String, Map<BenchContestant.Work, Double>> best = new HashMap<>();

    public BenchReport(OwnEngine engine, List<BenchContestant> peers, BenchShape shape, BenchShape.Model model) {
        this.engine = engine;
        this.peers = peers;
        this.shape = shape;
        this.model = model;
    }

    public void measure(int rounds, int count) {
        List<BenchContestant> all = new ArrayList<>(peers);
        all.add(0, engine);
        for (int round = 0; round < rounds; round++) {
            productFlops.add(engine.productFlops(count));
            for (BenchContestant contestant : all) {
                for (BenchContestant.Work work : BenchContestant.Work.values()) {
                    contestant.millis(work, 1); // caches, and threads that fell asleep
                    add(contestant.name(), work, contestant.millis(work, count));
                }
            }
        }
    }

    private void add(String name, BenchContestant.Work work, double[] millis) {
        medians.computeIfAbsent(name, n -> new EnumMap<>(BenchContestant.Work.class))
                .computeIfAbsent(work, w -> new ArrayList<>())
                .add(median(millis));
        best.computeIfAbsent(name, n -> new EnumMap<>(BenchContestant.Work.class))
                .merge(work, Arrays.stream(millis).min().orElseThrow(), Math::min);
    }

    public void print(PrintWriter console) {
        double product = median(productFlops);
        console.printf(Locale.ROOT, "sgemm of 2048 x 2048 x 2048: %.0f GFLOP/s%n%n", product / 1e9);
        console.printf("%-18s %-14s %9s %9s %10s %9s %9s%n", "", "", "ms", "best", "tokens/s", "GFLOP/s", "of sgemm");
        for (BenchContestant.Work work : BenchContestant.Work.values()) {
            printLine(engine.name(), work, product, console);
            for (BenchContestant peer : peers) {
                printLine(peer.name(), work, product, console);
            }
        }
        console.println();
        for (BenchContestant.Work work : BenchContestant.Work.values()) {
            for (BenchContestant peer : peers) {
                printRatio(peer.name(), work, console);
            }
        }
        printMemory(engine, console);
        for (BenchContestant peer : peers) {
            if (peer instanceof OwnEngine other) {
                printMemory(other, console);
            }
        }
        console.printf(Locale.ROOT, "peak of this process: %,d MiB%n", ProcessMemory.peakBytes() >> 20);
    }

    private void printLine(String name, BenchContestant.Work work, double product, PrintWriter console) {
        double seconds = median(medians.get(name).get(work)) / 1e3;
        double flops = work.passes() * shape.forwardFlops(model) / seconds;
        console.printf(
                Locale.ROOT,
                "%-18s %-14s %9.1f %9.1f %,10.0f %9.0f %8.0f%%%n",
                name,
                work.title(),
                seconds * 1e3,
                best.get(name).get(work),
                shape.numTokens() / seconds,
                flops / 1e9,
                100 * flops / product);
    }

    private static void printMemory(OwnEngine engine, PrintWriter console) {
        MemoryEstimate estimate = engine.estimate();
        console.printf(
                Locale.ROOT,
                "memory of a training step of %s: %,d MiB measured, %,d MiB estimated (weights, gradients and moments"
                        + " %,d, activations %,d, scratch %,d)%n",
                engine.name(),
                engine.measuredBytes() >> 20,
                estimate.total() >> 20,
                (estimate.model().weights() + estimate.model().gradients() + estimate.moments()) >> 20,
                estimate.model().arena() >> 20,
                estimate.model().scratch() >> 20);
    }

    private void printRatio(String name, BenchContestant.Work work, PrintWriter console) {
        List<Double> ours = medians.get(engine.name()).get(work);
        List<Double> theirs = medians.get(name).get(work);
        double[] ratios = new double[ours.size()];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = theirs.get(round) / ours.get(round);
        }
        Arrays.sort(ratios);
        console.printf(
                Locale.ROOT,
                "%s: %.2f times as fast as %s, median of %d rounds (%.2f to %.2f)%n",
                work.title(),
                median(ratios),
                name,
                ratios.length,
                ratios[0],
                ratios[ratios.length - 1]);
    }

    private static double median(List<Double> values) {
        return median(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** The middle one, or of an even number the upper of both. */
    public static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
