package org.xecomla.train;

import java.util.function.Predicate;
import org.xecomla.config.ModelConfig;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.LossSums;
import org.xecomla.nn.TokenLoss;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.SoftLabels;

/**
 * One copy of a model in training: weights, gradients of the trainable ones, and the scratch of one micro-batch, all made
 * before the first step. Belongs to one thread. Legend: B sequences of a micro-batch, T time.
 */
public final class Replica implements AutoCloseable {
    /** What a replica is made for. */
    public record Shape(int microBatchSequences, int sequenceLength) {
        public Shape {
            if (microBatchSequences < 1 || sequenceLength < 2) {
                throw new IllegalArgumentException(
                        "no micro-batch of " + microBatchSequences + " sequences of " + sequenceLength + " tokens");
            }
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
     * @param kernels of this thread; not closed with the replica
     */
    public Replica(ModelConfig config, Predicate<String> trainable, Shape shape, LossSettings loss, Kernels kernels) {
        ParameterLayout layout = CausalLm.layout(config, trainable);
        this.weights = ParameterStore.zeros(layout, kernels.type());
        this.gradients = ParameterStore.zerosOfTrainable(layout, kernels.type());
        this.kernels = kernels;
        this.shape = shape;
        this.model = new CausalLm(config, weights, gradients, kernels, shape.sequenceLength);
        this.arena = Arena.ofElements(kernels.type(), arenaElements(model, shape, loss));
    }

    /** The scratch of a step, found by running it without memory. Top-k targets take the most. */
    private static long arenaElements(CausalLm model, Shape shape, LossSettings loss) {
        int n = shape.microBatchSequences * shape.sequenceLength;
        SoftLabels targets = new SoftLabels.TopK(n, 1, new int[n], new float[n], new float[n]);
        TokenLoss tokenLoss = new TokenLoss(targets, new int[n], loss.alpha(), loss.temperature());
        return model.arenaElements(
                (sizing, arena) -> sizing.lossAndGradients(new int[n], shape.microBatchSequences, tokenLoss, 1, arena));
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
    LossSums addGradients(TrainingBatch batch, LossSettings loss, double klScale, double ceScale) {
        return model.lossAndGradients(batch.ids(), batch.numSequences(), loss.of(batch), klScale, ceScale, arena);
    }

    /** Losses of {@code batch}, at most a micro-batch, without gradients. */
    LossSums loss(TrainingBatch batch, LossSettings loss) {
        return model.loss(batch.ids(), batch.numSequences(), loss.of(batch), arena);
    }

    @Override
    public void close() {
        model.close();
        arena.close();
        gradients.close();
        weights.close();
    }
}
