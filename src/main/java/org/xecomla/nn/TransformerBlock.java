package org.xecomla.nn;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * Llama's pre-norm block: middle = x + attention(norm(x)), y = middle + mlp(norm(middle)). Legend: B batch, T time, D
 * model.
 */
record TransformerBlock(RmsNorm attentionNorm, Attention attention, RmsNorm mlpNorm, SwiGluMlp mlp, Kernels kernels) {
    /** The caches of the four parts; all tensors lie on the arena's stack, x and y with the caller. */
    record Cache(RmsNorm.Cache attentionNorm, Attention.Cache attention, RmsNorm.Cache mlpNorm, SwiGluMlp.Cache mlp) {
        /** (B*T, D): what the attention saw. */
        Tensor attentionInput() {
            return attentionNorm.y();
        }
    }

    static TransformerBlock of(int layer, ModelConfig model, Parameters parameters, RopeTable rope) {
        AttentionConfig attention = model.attention().get(layer);
        double epsilon = model.rmsNormEps();
        String prefix = ParameterNames.layer(layer);
        return new TransformerBlock(
                parameters.norm(prefix + ParameterNames.INPUT_NORM, epsilon),
                Attention.of(attention, prefix, parameters, rope),
                parameters.norm(prefix + ParameterNames.POST_ATTENTION_NORM, epsilon),
                SwiGluMlp.of(prefix, model.mlpBias(), parameters),
                parameters.kernels());
    }

    boolean trainable() {
        return attentionNorm.trainable() || attention.trainable() || mlpNorm.trainable() || mlp.trainable();
    }

    /**
     * @param x (B*T, D), kept by the caller until the backward
     * @param y (B*T, D), overwritten
     */
    Cache forward(Tensor x, Sequences sequences, Tensor y, Arena arena) {
        Cache cache = forwardAgain(x, sequences, arena);
        kernels.elementwise().copy(cache.mlpNorm.x(), y); // (B*T, D)
        mlp.output(cache.mlp, y); // (B*T, D)
        return cache;
    }

    /** What {@link #forward} returns, without its last product: for a backward whose y is long known. */
    Cache forwardAgain(Tensor x, Sequences sequences, Arena arena) {
        Tensor middle = arena.matrix(x.rows(), x.cols()); // (B*T, D)
        kernels.elementwise().copy(x, middle); // (B*T, D)
        RmsNorm.Cache normed = attentionNorm.forward(x, arena);
        Attention.Cache attended = attention.forward(normed.y(), sequences, middle, arena);
        RmsNorm.Cache normedMiddle = mlpNorm.forward(middle, arena);
        return new Cache(normed, attended, normedMiddle, mlp.inner(normedMiddle.y(), arena));
    }

    /** @param attended (B*T, D), overwritten with attention(norm(x)) = middle - x */
    void attended(Cache cache, Tensor attended) {
        kernels.elementwise().copy(cache.mlpNorm.x(), attended); // (B*T, D)
        kernels.elementwise().axpy(-1, cache.attentionNorm.x(), attended); // (B*T, D)
    }

    /**
     * One new token each of n sequences, over what is cached of them.
     *
     * @param x (n, D)
     * @param y (n, D), overwritten
     */
    void decode(Tensor x, DecodeStep step, Tensor y, Arena arena) {
        Tensor middle = arena.matrix(x.rows(), x.cols()); // (n, D)
        kernels.elementwise().copy(x, middle); // (n, D)
        attention.decode(attentionNorm.forward(x, arena).y(), step, middle, arena); // (n, D)
        kernels.elementwise().copy(middle, y); // (n, D)
        mlp.output(mlp.inner(mlpNorm.forward(middle, arena).y(), arena), y); // (n, D)
    }

    /** {@link #backward(Tensor, Cache, int, LayerLoss, Arena)} without a loss of what the layers say. */
    void backward(Tensor dStream, Cache cache, Arena arena) {
        backward(dStream, cache, 0, null, arena);
    }

    /**
     * Adds into the gradients of the parameters; the arena is as before.
     *
     * @param dStream (B*T, D), in place: comes as the gradient of y, leaves as that of x
     * @param layers is told what the attention says, and adds its gradient; null: nobody
     */
    void backward(Tensor dStream, Cache cache, int layer, LayerLoss layers, Arena arena) {
        long mark = arena.mark();
        Tensor dBranch = arena.matrix(dStream.rows(), dStream.cols()); // (B*T, D)
        // forward was: y = middle + mlp(mlpNorm(middle))
        mlp.backward(dStream, cache.mlp, dBranch, arena); // (B*T, D)
        mlpNorm.backward(dBranch, cache.mlpNorm, dStream); // (B*T, D)
        // forward was: middle = x + attention(attentionNorm(x))
        Tensor dAttended = dStream; // (B*T, D)
        if (layers != null) {
            Tensor attended = arena.matrix(dStream.rows(), dStream.cols()); // (B*T, D)
            attended(cache, attended); // (B*T, D)
            dAttended = arena.matrix(dStream.rows(), dStream.cols()); // (B*T, D)
            kernels.elementwise().copy(dStream, dAttended); // (B*T, D)
            layers.attention(layer, attended, dAttended, arena); // (B*T, D)
        }
        ProjectionObserver observer = layers == null ? ProjectionObserver.NONE : layers.observer(layer);
        attention.backward(dAttended, cache.attention, dBranch, observer, arena); // (B*T, D)
        attentionNorm.backward(dBranch, cache.attentionNorm, dStream); // (B*T, D)
        arena.release(mark);
    }
}
