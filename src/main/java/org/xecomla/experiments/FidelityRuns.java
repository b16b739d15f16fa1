package org.xecomla.experiments;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.Freeze;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.eval.EvalSums;
import org.xecomla.eval.Evaluator;
import org.xecomla.formats.LoadedModel;
import org.xecomla.nn.CausalLm;
import org.xecomla.targets.TargetShards;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.train.Replica;
import org.xecomla.train.RoundMetrics;
import org.xecomla.train.TokenObjective;
import org.xecomla.train.TrainListener;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.TrainingRun;
import org.xecomla.train.data.DistillationData;
import org.xecomla.train.data.TrainingData;
import org.xecomla.train.data.TrainingSequence;
import org.xecomla.upcycle.Student;

/** Distils one and the same start from different targets, and compares gradients. */
final class FidelityRuns {
    private static final double NANOS = 1e9;

    private final RunConfig config;
    private final Student start;
    private final LoadedModel base;
    private final List<TokenSequence> valid;
    private final Kernels kernels;
    private final int length;

    /** A student on its way. */
    record Snapshot(long step, double kl, float[] weights) {}

    /** What training came to. */
    record Trained(double kl, double tokensPerSecond) {}

    FidelityRuns(RunConfig config, Student start, LoadedModel base, List<TokenSequence> valid, Kernels kernels) {
        this.config = config;
        this.start = start;
        this.base = base;
        this.valid = valid;
        this.kernels = kernels;
        this.length = valid.get(0).ids().length;
    }

    /** KL to the base on the validation windows, nats per position. */
    double kl(CausalLm model) {
        try (Evaluator evaluator = new Evaluator(model, base.model(), length, Math.min(5, valid.size()))) {
            EvalSums sums = evaluator.evaluate(valid);
            return sums.klSum() / sums.numKlPositions();
        }
    }

    Snapshot start() {
        float[] weights = flat(start.weights());
        try (CausalLm model = new CausalLm(start.config(), start.weights(), null, kernels, length)) {
            return new Snapshot(0, kl(model), weights);
        }
    }

    /**
     * Distils from {@code data} to the end of the plan.
     *
     * @param seed of the order of the sequences
     * @param passed KLs on the way down, descending; the student is kept where it has come to each of them
     * @param kept receives those students
     */
    Trained train(TrainingData data, long seed, List<Double> passed, List<Snapshot> kept) {
        Map<String, String> settings = new HashMap<>(config.settings());
        settings.put("run.seed", Long.toString(seed));
        TrainingPlan plan = TrainingPlan.distillation(RunConfig.ofOverrides(settings), data.numSequences(), length);
        try (TrainingRun<TrainingSequence> run = new TrainingRun<>(
                plan, TokenObjective.distillation(config), start.config(), kernels, ParameterAveraging.alone())) {
            run.start(weights -> copy(start.weights(), weights));
            Passing passing = new Passing(run, new ArrayList<>(passed), kept);
            long begin = System.nanoTime();
            run.train(data, List.of(passing));
            double seconds = (System.nanoTime() - begin - passing.nanos) / NANOS;
            return new Trained(kl(run.replica().model()), plan.numTokens() / seconds);
        }
    }

    /** Keeps students on the way down. */
    private final class Passing implements TrainListener {
        private static final int EACH = 30; // of the first steps, which go down fast
        private static final int EVERY = 5;

        private final TrainingRun<TrainingSequence> run;
        private final List<Double> passed;
        private final List<Snapshot> kept;
        private long nanos; // taken from the training

        Passing(TrainingRun<TrainingSequence> run, List<Double> passed, List<Snapshot> kept) {
            this.run = run;
            this.passed = passed;
            this.kept = kept;
        }

        @Override
        public void onRound(RoundMetrics metrics, boolean last) {
            if (passed.isEmpty() || (!last && metrics.step() > EACH && metrics.step() % EVERY != 0)) {
                return;
            }
            long before = System.nanoTime();
            double kl = kl(run.replica().model());
            while (!passed.isEmpty() && (last || kl <= passed.get(0))) {
                passed.remove(0);
                kept.add(new Snapshot(metrics.step(), kl, flat(run.replica().weights())));
            }
            nanos += System.nanoTime() - before;
        }
    }

    /** Gradients of one student for the first sequences of any targets; make it once, and ask for each. */
    final class Gradients implements AutoCloseable {
        private final Replica replica;
        private final TokenObjective loss = TokenObjective.distillation(config);

        Gradients(Snapshot student, int microBatch) {
            replica = new Replica(
                    start.config(), Freeze.NONE.trainable(), new Replica.Shape(microBatch, length), loss, kernels);
            int at = 0;
            for (Tensor segment : replica.weights().segments()) {
                segment.write(student.weights, at);
                at += segment.cols();
            }
        }

        float[] of(DistillationData data, int numSequences) {
            for (Tensor segment : replica.gradients().segments()) {
                kernels.elementwise().fill(segment, 0); // (1, length)
            }
            int micro = replica.shape().microBatchSequences();
            for (int from = 0; from < numSequences; from += micro) {
                List<TrainingSequence> batch = new ArrayList<>();
                for (int s = from; s < Math.min(from + micro, numSequences); s++) {
                    batch.add(data.read(s));
                }
                loss.addGradients(replica, batch, 0);
            }
            return flat(replica.gradients());
        }

        @Override
        public void close() {
            replica.close();
        }
    }

    /** Angle between two gradients, in degrees; one that is 0 has none with another, and is said to be across it. */
    static double angle(float[] a, float[] b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        if (aa == 0 || bb == 0) {
            return aa == bb ? 0 : 90;
        }
        return Math.toDegrees(Math.acos(Math.max(-1, Math.min(1, ab / (Math.sqrt(aa) * Math.sqrt(bb))))));
    }

    DistillationData data(FidelityTargets made, TargetShards targets) {
        return DistillationData.of(
                made.tokens(), targets, start.config(), config.targets().temperature());
    }

    private void copy(ParameterStore from, ParameterStore to) {
        for (int s = 0; s < to.segments().size(); s++) {
            kernels.elementwise().copy(from.segments().get(s), to.segments().get(s));
        }
    }

    private static float[] flat(ParameterStore store) {
        int length = store.segments().stream().mapToInt(Tensor::cols).sum();
        float[] all = new float[length];
        int at = 0;
        for (Tensor segment : store.segments()) {
            segment.read(all, at);
            at += segment.cols();
        }
        return all;
    }
}
