package org.xecomla.train;

import java.util.Collections;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.xecomla.averaging.Measures;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.LayerMatchingConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Footprint;
import org.xecomla.nn.LayerLoss;
import org.xecomla.nn.LayerStates;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.train.data.Samples;
import org.xecomla.train.data.TrainingSequence;

/**
 * The distance of what the student's layers say from what the base's do, to be learned beside a loss of tokens: the
 * base's states are computed here, beside the student. The mean, over the states of the positions that are learned
 * from, of |y - t|^2 / D, or of 1 - cos(y, t). Legend: B batch, T time, D model.
 */
public final class LayerMatching implements AutoCloseable {
    /** Mean distance of the states, before its weight. */
    public static final String HIDDEN = "hidden";

    private static final double EPSILON = 1e-12;

    /** Weight times the mean square of the base's block outputs, where no weight is given: measured to be good. */
    private static final double SCALED_WEIGHT = 65;

    /** Sequences whose states say how large they are. */
    private static final int MEASURED_SEQUENCES = 8;

    private final LayerMatchingConfig settings;
    private final ParameterStore weights;
    private final Kernels kernels;
    private final CausalLm base;
    private final Arena arena;
    private double weight; // NaN: not measured yet

    /**
     * @param base frozen; its weights are read here
     * @param shape of the replica that will be trained
     * @param kernels of the replica
     * @throws ConfigException where base and student differ in width or number of layers
     */
    LayerMatching(
            LayerMatchingConfig settings,
            ModelDirectory base,
            ModelConfig student,
            Replica.Shape shape,
            Kernels kernels) {
        this(settings, base.config(), student, shape, kernels);
        base.load(weights);
    }

    /** With a base of weights 0, to be filled. */
    LayerMatching(
            LayerMatchingConfig settings, ModelConfig base, ModelConfig student, Replica.Shape shape, Kernels kernels) {
        if (base.hiddenSize() != student.hiddenSize() || base.numLayers() != student.numLayers()) {
            throw new ConfigException("distill.hidden-loss compares layer by layer, and the base has "
                    + base.numLayers()
                    + " layers of width " + base.hiddenSize() + ", the student " + student.numLayers() + " of width "
                    + student.hiddenSize() + ": set distill.hidden-loss = none");
        }
        this.settings = settings;
        this.weight = settings.weight().orElse(settings.form() == LayerMatchingConfig.Form.MSE ? Double.NaN : 1);
        this.kernels = kernels;
        this.weights = ParameterStore.zeros(CausalLm.layout(base, name -> false), kernels.memory(), kernels.type());
        this.base = new CausalLm(base, weights, null, kernels, shape.sequenceLength());
        this.arena = Arena.of(kernels, this.base.arenaBytes(statesOf(shape)));
    }

    /**
     * What the base takes beside a replica, from shapes alone.
     *
     * @param numReplicas that carry out {@code plan} together
     * @param numThreads of one replica's kernels
     */
    public static Footprint footprint(ModelConfig base, TrainingPlan plan, int numReplicas, int numThreads) {
        Replica.Shape shape =
                plan.replicaShape(new BatchSlice(plan.batchSequences(), numReplicas, numReplicas - 1)); // the largest
        return Footprint.of(
                base,
                null,
                ElementType.FLOAT,
                shape.sequenceLength(),
                ComputeConfig.Recompute.NONE,
                numThreads,
                statesOf(shape));
    }

    private static BiConsumer<CausalLm, Arena> statesOf(Replica.Shape shape) {
        int[] ids = new int[shape.microBatchSequences() * shape.sequenceLength()];
        Sequences sequences = Sequences.of(shape.microBatchSequences(), ids.length);
        return (base, arena) -> base.layerStates(ids, sequences, arena);
    }

    ParameterStore baseWeights() {
        return weights;
    }

    /**
     * Finds the weight where none is given: 65 over the mean square of the base's block outputs, so that the loss
     * weighs the same whatever the scale of the model's states.
     */
    void begin(Samples<TrainingSequence> data) {
        if (!Double.isNaN(weight)) {
            return;
        }
        double squares = 0;
        long elements = 0;
        for (long s = 0; s < Math.min(MEASURED_SEQUENCES, data.numSamples()); s++) {
            TrainingSequence sequence = data.read(s);
            arena.release(0);
            LayerStates states = base.layerStates(sequence.ids(), Sequences.of(1, sequence.starts()), arena);
            for (Tensor block : states.block()) {
                squares += kernels.elementwise().sumOfSquares(block); // (T, D)
                elements += block.length();
            }
        }
        weight = SCALED_WEIGHT * elements / squares;
    }

    /** Of the mean distance beside the loss of tokens; NaN before {@link #begin} where it is to be found. */
    double weight() {
        return weight;
    }

    Step newStep() {
        return new Step();
    }

    /** What one step of one replica compares, micro-batch by micro-batch. */
    final class Step {
        private final int numStates =
                base.config().numLayers() * (settings.states() == LayerMatchingConfig.States.BOTH ? 2 : 1);
        private final double[] sum = new double[1]; // of all distances so far
        private long numPositions;

        private Step() {}

        /**
         * The loss of one micro-batch, whose states of the base are gone with the next.
         *
         * @param numLearned positions of this replica in the step that are learned from
         */
        LayerLoss of(TrainingBatch batch, long numLearned) {
            numPositions = numLearned;
            arena.release(0);
            LayerStates states = base.layerStates(batch.ids(), batch.sequences(), arena);
            double scale = 1.0 / ((double) numLearned * numStates);
            return new Match(settings, states, batch.learned(), kernels, weight * scale, sum);
        }

        /** What the loss of tokens measured, joined by this one. */
        Measures joined(Measures tokens) {
            double hidden = sum[0] / ((double) numPositions * numStates);
            double count = tokens.means().get(Measures.LOSS).count();
            double loss = tokens.loss() + weight * hidden;
            return tokens.with(HIDDEN, hidden * numPositions, numPositions).with(Measures.LOSS, loss * count, count);
        }
    }

    /**
     * One micro-batch against the base's states, which are spent.
     *
     * @param learned (B*T): which positions count
     * @param scale of the gradient of a state's distance
     * @param sum of all distances so far
     */
    private record Match(
            LayerMatchingConfig settings,
            LayerStates states,
            boolean[] learned,
            Kernels kernels,
            double scale,
            double[] sum)
            implements LayerLoss {
        @Override
        public void attention(int layer, Tensor attended, Tensor dAttended, Arena arena) {
            if (settings.states() != LayerMatchingConfig.States.BLOCK) {
                compare(attended, states.attention().get(layer), dAttended, arena);
            }
        }

        @Override
        public void block(int layer, Tensor y, Tensor dY, Arena arena) {
            if (settings.states() != LayerMatchingConfig.States.ATTENTION) {
                compare(y, states.block().get(layer), dY, arena);
            }
        }

        private void compare(Tensor y, Tensor target, Tensor dY, Arena arena) {
            if (settings.form() == LayerMatchingConfig.Form.MSE) {
                kernels.elementwise().axpy(-1, y, target); // (B*T, D), target - y
                forget(target); // (B*T, D)
                sum[0] += kernels.elementwise().sumOfSquares(target) / y.cols();
                kernels.elementwise().axpy(-2 * scale / y.cols(), target, dY); // (B*T, D)
            } else {
                cosine(y, target, dY, arena);
            }
        }

        /** With n(y) = y / rms(y): 1 - cos(y, t) = |n(y) - n(t)|^2 / (2 D). */
        private void cosine(Tensor y, Tensor target, Tensor dY, Arena arena) {
            long mark = arena.mark();
            Tensor ones = arena.matrix(1, y.cols()); // (1, D)
            Tensor normed = arena.matrix(y.rows(), y.cols()); // (B*T, D)
            Tensor normedTarget = arena.matrix(y.rows(), y.cols()); // (B*T, D)
            Tensor inverseRms = arena.matrix(y.rows(), 1); // (B*T, 1)
            kernels.elementwise().fill(ones, 1); // (1, D)
            kernels.norm().forward(target, ones, EPSILON, normedTarget, inverseRms); // (B*T, D)
            kernels.norm().forward(y, ones, EPSILON, normed, inverseRms); // (B*T, D)
            kernels.elementwise().axpy(-1, normedTarget, normed); // (B*T, D)
            forget(normed); // (B*T, D)
            sum[0] += kernels.elementwise().sumOfSquares(normed) / (2 * y.cols());
            kernels.elementwise().scale(scale / y.cols(), normed); // (B*T, D)
            // forward was: normed = rmsNorm(y)
            kernels.norm().backward(normed, y, ones, inverseRms, dY, null); // (B*T, D)
            arena.release(mark);
        }

        /** Makes the difference (B*T, D) 0 where nothing is learned, run by run. */
        private void forget(Tensor difference) {
            int n = 0;
            while (n < learned.length) {
                int from = n;
                while (n < learned.length && learned[n] == learned[from]) {
                    n++;
                }
                if (!learned[from]) {
                    kernels.elementwise().fill(difference.rows(from, n), 0); // (n - from, D)
                }
            }
        }
    }

    /** Gives {@code tokens}, the dry run of the loss that it joins, states of the base that are not looked at. */
    void dryRun(CausalLm sizing, Replica.Shape shape, Consumer<LayerLoss> tokens) {
        int n = shape.microBatchSequences() * shape.sequenceLength();
        try (Arena states = Arena.sizing(sizing.kernels().type())) {
            Tensor target = states.matrix(n, sizing.config().hiddenSize()); // (B*T, D)
            List<Tensor> targets = Collections.nCopies(sizing.config().numLayers(), target);
            tokens.accept(new Match(
                    settings, new LayerStates(targets, targets), new boolean[n], sizing.kernels(), 1, new double[1]));
        }
    }

    @Override
    public void close() {
        base.close();
        arena.close();
        weights.close();
    }
}
