package org.xecomla.train;

import java.util.function.Predicate;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.Freeze;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.LayerLoss;
import org.xecomla.nn.TrainingPass;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.TokenLoss;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;

/**
 * One copy of a model in training: weights, gradients of the trainable ones, and the scratch of one micro-batch, all
 * made before the first step. Belongs to one thread. Legend: B sequences of a micro-batch, T time.
 */
public final class Replica implements AutoCloseable {
    /**
     * What a replica is made for.
     *
     * @param recompute what its backward computes again
     */
    public record Shape(int microBatchSequences, int sequenceLength, ComputeConfig.Recompute recompute) {
        public Shape {
            if (microBatchSequences < 1 || sequenceLength < 2) {
                throw new IllegalArgumentException(
                        "no micro-batch of " + microBatchSequences + " sequences of " + sequenceLength + " tokens");
            }
        }

        public Shape(int microBatchSequences, int sequenceLength) {
            this(microBatchSequences, sequenceLength, ComputeConfig.Recompute.NONE);
        }
    }

    private final ParameterStore weights;
    private final ParameterStore gradients;
    private final Arena arena;
    private final CausalLm model;
    private final Kernels kernels;
    private final Shape shape;

    /**
     * A model of weights 0, to be filled.
     *
     * @param trainable tells by name which parameters train, commonly {@link Freeze#trainable()}
     * @param objective whose scratch it must hold
     * @param kernels of this thread; not closed with the replica
     */
    public Replica(
            ModelConfig config, Predicate<String> trainable, Shape shape, Objective<?> objective, Kernels kernels) {
        ParameterLayout layout = CausalLm.layout(config, trainable);
        this.weights = ParameterStore.zeros(layout, kernels.memory(), kernels.type());
        this.gradients = ParameterStore.zerosOfTrainable(layout, kernels.memory(), kernels.type());
        this.kernels = kernels;
        this.shape = shape;
        this.model = new CausalLm(config, weights, gradients, kernels, shape.sequenceLength, shape.recompute);
        this.arena = Arena.of(kernels, model.arenaBytes((sizing, scratch) -> objective.dryRun(sizing, shape, scratch)));
    }

    public ModelConfig config() {
        return model.config();
    }

    public Shape shape() {
        return shape;
    }

    public ParameterStore weights() {
        return weights;
    }

    public ParameterStore gradients() {
        return gradients;
    }

    public CausalLm model() {
        return model;
    }

    public Kernels kernels() {
        return kernels;
    }

    /** Adds the gradients of {@code batch}, at most a micro-batch; see {@link CausalLm#lossAndGradients}. */
    LossSums addGradients(TrainingBatch batch, TokenLoss loss, LayerLoss layers) {
        return model.lossAndGradients(batch.ids(), batch.sequences(), loss, layers, arena);
    }

    /** A forward whose backward is to come; see {@link CausalLm#forward}. */
    public TrainingPass forward(int[] ids, int numSequences) {
        return model.forward(ids, Sequences.of(numSequences, ids.length), arena);
    }

    /** Losses of {@code batch}, at most a micro-batch, without gradients. */
    LossSums loss(TrainingBatch batch, TokenLoss loss) {
        return model.loss(batch.ids(), batch.sequences(), loss, arena);
    }

    @Override
    public void close() {
        model.close();
        arena.close();
        gradients.close();
        weights.close();
    }
}
