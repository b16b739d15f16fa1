package org.xecomla.experiments;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.targets.DenseCodec;
import org.xecomla.targets.TargetCodec;
import org.xecomla.targets.TargetShards;
import org.xecomla.train.data.DistillationData;

/** A row for each codec, dense targets first, which all others are compared with. */
public final class FidelityTable {
    private static final String DENSE = "dense";
    private static final int MICRO_BATCH = 8;

    private final RunConfig config;
    private final FidelityTargets targets;
    private final FidelityRuns runs;
    private final Asked asked;
    private final PrintWriter out;

    private final List<FidelityRuns.Snapshot> students = new ArrayList<>();
    private final List<float[]> exact = new ArrayList<>(); // each student's gradient on dense targets
    private FidelityRuns.Trained reference; // on dense targets
    private double leastSpeed = Double.POSITIVE_INFINITY; // of writing and reading, over that of training

    /**
     * What is compared.
     *
     * @param trained codecs to distil from
     * @param untrained codecs of which only bytes and gradients are compared
     * @param students KLs, descending: students on dense targets are kept at each, whose gradients are compared too
     * @param angleWindows windows whose gradient is compared
     * @param numSeeds runs for each codec, each in another order
     */
    public record Asked(
            List<String> trained, List<String> untrained, List<Double> students, int angleWindows, int numSeeds) {
        public Asked {
            if (angleWindows < 1 || numSeeds < 1) {
                throw new ConfigException("--angle-windows and --seeds are at least 1");
            }
        }

        /** @throws ConfigException where one of the codecs is none */
        void requireCodecs() {
            names().forEach(name -> FidelityCodecs.of(name, 1, 0));
        }

        private Stream<String> names() {
            return Stream.concat(trained.stream(), untrained.stream());
        }
    }

    FidelityTable(RunConfig config, FidelityTargets targets, FidelityRuns runs, Asked asked, PrintWriter out) {
        this.config = config;
        this.targets = targets;
        this.runs = runs;
        this.asked = asked;
        this.out = out;
    }

    private TargetCodec codec(String name) {
        return FidelityCodecs.of(
                name, config.targets().temperature(), config.run().seed());
    }

    /** Measures and prints row by row. */
    void print() {
        targets.teach(DENSE, (DenseCodec) codec(DENSE));
        students.add(runs.start());
        try (TargetShards dense = targets.open(DENSE)) {
            DistillationData data = runs.data(targets, dense);
            reference = train(data, asked.students());
            printHead();
            FidelityTargets.Cost cost = new FidelityTargets.Cost(
                    targets.bytesPerToken(DENSE), Double.NaN, targets.tokensReadPerSecond(DENSE));
            printRow(DENSE, cost, data, reference);
            asked.names()
                    .filter(name -> !name.equals(DENSE))
                    .distinct()
                    .forEach(name -> codecRow(name, dense, asked.trained().contains(name)));
        }
        if (leastSpeed < Double.POSITIVE_INFINITY) {
            out.printf(
                    Locale.ROOT,
                    "one thread writes and reads targets at least %.1f times as fast as the student trains%n",
                    leastSpeed);
        }
        out.flush();
    }

    private void codecRow(String name, TargetShards dense, boolean trains) {
        FidelityTargets.Cost cost = targets.write(name, codec(name), dense);
        try (TargetShards made = targets.open(name)) {
            DistillationData data = runs.data(targets, made);
            printRow(name, cost, data, trains ? train(data, List.of()) : null);
        }
        double slower = Math.min(cost.tokensWrittenPerSecond(), cost.tokensReadPerSecond());
        leastSpeed = Math.min(leastSpeed, slower / reference.tokensPerSecond());
    }

    /** Mean KL and best speed of all runs. */
    private FidelityRuns.Trained train(DistillationData data, List<Double> passed) {
        double kl = 0;
        double rate = 0;
        for (int seed = 0; seed < asked.numSeeds(); seed++) {
            FidelityRuns.Trained trained =
                    runs.train(data, config.run().seed() + seed, seed == 0 ? passed : List.of(), students);
            kl += trained.kl() / asked.numSeeds();
            rate = Math.max(rate, trained.tokensPerSecond());
        }
        return new FidelityRuns.Trained(kl, rate);
    }

    private List<Double> angles(DistillationData data) {
        boolean fill = exact.isEmpty();
        List<Double> angles = new ArrayList<>();
        int numSequences = (int) Math.min(asked.angleWindows(), data.numSequences());
        for (int i = 0; i < students.size(); i++) {
            try (FidelityRuns.Gradients gradients = runs.new Gradients(students.get(i), MICRO_BATCH)) {
                float[] gradient = gradients.of(data, numSequences);
                if (fill) {
                    exact.add(gradient);
                }
                angles.add(FidelityRuns.angle(gradient, exact.get(fill ? exact.size() - 1 : i)));
            }
        }
        return angles;
    }

    private void printHead() {
        out.printf(
                Locale.ROOT,
                "%,d tokens; gradients of %d windows; KL after training is the mean of %d runs; tokens a second%n",
                targets.numTokens(),
                asked.angleWindows(),
                asked.numSeeds());
        StringBuilder head = new StringBuilder(String.format(Locale.ROOT, "%-14s %8s", "targets", "B/token"));
        for (FidelityRuns.Snapshot student : students) {
            head.append(String.format(Locale.ROOT, "  at KL %.3f", student.kl()));
        }
        out.println(head.append("  KL after            written      read   trained"));
        out.flush();
    }

    /** @param trained null: not trained */
    private void printRow(String name, FidelityTargets.Cost cost, DistillationData data, FidelityRuns.Trained trained) {
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-14s %8.2f", name, cost.bytesPerToken()));
        angles(data).forEach(angle -> row.append(String.format(Locale.ROOT, "  %7.2f deg", angle)));
        row.append(
                trained == null
                        ? " ".repeat(18)
                        : String.format(
                                Locale.ROOT,
                                "  %.4f %+6.1f %%",
                                trained.kl(),
                                100 * (trained.kl() / reference.kl() - 1)));
        String written = name.equals(DENSE) ? "-" : String.format(Locale.ROOT, "%,.0f", cost.tokensWrittenPerSecond());
        out.println(row.append(String.format(Locale.ROOT, "  %9s %,9.0f", written, cost.tokensReadPerSecond()))
                .append(trained == null ? "" : String.format(Locale.ROOT, " %,9.0f", trained.tokensPerSecond())));
        out.flush();
    }
}
