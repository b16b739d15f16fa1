package org.xecomla.nn;

import java.util.stream.IntStream;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * Grouped-query attention whose keys and values come through a latent each ({@link AttentionConfig.LowRankGqa}).
 * Decoding caches the latents: keys are rebuilt from theirs and rotated, which stands between their up projection and
 * the queries; values are mixed as latents. Legend: B batch, T time, D model, H query heads, G key/value heads, K head
 * dimension, Rk and Rv ranks of the latents of keys and values, n sequences, S tokens cached of one, M = H/G.
 *
 * @param keys up (G*K, Rk) of down (Rk, D)
 * @param values up (G*K, Rv) of down (Rv, D)
 */
record LowRankAttention(Linear queries, Projection keys, Projection values, GroupedHeads heads) implements Attention {
    /**
     * y = up(down(x)). Legend: R rank of the latent.
     *
     * @param down (R, D)
     * @param up (G*K, R), which has the bias where there is one
     */
    private record Projection(Linear down, Linear up) {
        static Projection of(String down, String up, boolean biased, Parameters parameters) {
            return new Projection(parameters.linear(down), parameters.linear(up, biased));
        }

        boolean trainable() {
            return down.trainable() || up.trainable();
        }

        /** @return dLatent (B*T, R), on top of the arena */
        Tensor latentBackward(Tensor dY, Tensor latent, Arena arena) {
            Tensor dLatent = arena.matrix(dY.rows(), latent.cols()); // (B*T, R)
            // forward was: y = up(latent)
            up.backward(dY, latent, dLatent); // (B*T, R)
            return dLatent;
        }
    }

    /**
     * @param x (B*T, D)
     * @param keyLatent (B*T, Rk)
     * @param valueLatent (B*T, Rv)
     */
    record Cache(Tensor x, Tensor keyLatent, Tensor valueLatent, GroupedHeads.Cache heads) implements Attention.Cache {}

    static LowRankAttention of(
            AttentionConfig.LowRankGqa config, String prefix, Parameters parameters, RopeTable rope) {
        boolean biased = config.biases().ofInputs();
        return new LowRankAttention(
                parameters.linear(prefix + ParameterNames.Q_PROJ, biased),
                Projection.of(prefix + ParameterNames.K_A_PROJ, prefix + ParameterNames.K_B_PROJ, biased, parameters),
                Projection.of(prefix + ParameterNames.V_A_PROJ, prefix + ParameterNames.V_B_PROJ, biased, parameters),
                GroupedHeads.of(config.full(), prefix, parameters, rope));
    }

    @Override
    public boolean trainable() {
        return queries.trainable() || keys.trainable() || values.trainable() || heads.trainable();
    }

    @Override
    public Cache forward(Tensor x, Sequences sequences, Tensor y, Arena arena) {
        Tensor q = queries.forward(x, arena); // (B*T, H*K)
        Tensor keyLatent = keys.down.forward(x, arena); // (B*T, Rk)
        Tensor valueLatent = values.down.forward(x, arena); // (B*T, Rv)
        Tensor k = keys.up.forward(keyLatent, arena); // (B*T, G*K)
        Tensor v = values.up.forward(valueLatent, arena); // (B*T, G*K)
        return new Cache(x, keyLatent, valueLatent, heads.forward(q, k, v, sequences, y, arena)); // y: (B*T, D)
    }

    @Override
    public void backward(Tensor dY, Attention.Cache saved, Tensor dX, ProjectionObserver observer, Arena arena) {
        Cache cache = (Cache) saved;
        long mark = arena.mark();
        // forward was: y += heads(q, k, v)
        GroupedHeads.Gradients gradients = heads.backward(dY, cache.heads, arena);
        observer.keysAndValues(gradients.dK(), gradients.dV());
        // forward was: v = values.up(valueLatent), valueLatent = values.down(x)
        Tensor dValueLatent = values.latentBackward(gradients.dV(), cache.valueLatent, arena); // (B*T, Rv)
        values.down.backward(dValueLatent, cache.x, dX); // (B*T, D)
        // forward was: k = keys.up(keyLatent), keyLatent = keys.down(x)
        Tensor dKeyLatent = keys.latentBackward(gradients.dK(), cache.keyLatent, arena); // (B*T, Rk)
        keys.down.backwardAdding(dKeyLatent, cache.x, dX); // (B*T, D)
        // forward was: q = queries(x)
        queries.backwardAdding(gradients.dQ(), cache.x, dX); // (B*T, D)
        arena.release(mark);
    }

    @Override
    public void store(Attention.Cache saved, Tensor tokens, Arena arena) {
        Cache cache = (Cache) saved;
        int keyRank = cache.keyLatent.cols();
        kernels().elementwise().copy(cache.keyLatent, tokens.cols(0, keyRank)); // (T, Rk)
        kernels().elementwise().copy(cache.valueLatent, tokens.cols(keyRank, tokens.cols())); // (T, Rv)
    }

    @Override
    public void decode(Tensor x, DecodeStep step, Tensor y, Arena arena) {
        int keyRank = keys.down.numOutputs();
        Tensor q = heads.decodedQueries(queries.forward(x, arena), step, arena); // (n, H*K)
        step.store(keys.down.forward(x, arena), 0);
        step.store(values.down.forward(x, arena), keyRank);
        Tensor mixed = arena.matrix(x.rows(), heads.config().numHeads() * values.down.numOutputs()); // (n, H*Rv)
        for (int i = 0; i < x.rows(); i++) {
            long mark = arena.mark();
            Tensor tokens = step.tokens(i); // (S, Rk+Rv)
            Indices positions = Indices.of(IntStream.range(0, tokens.rows()).toArray()); // of S
            Tensor rebuilt = keys.up.forward(tokens.cols(0, keyRank), arena); // (S, G*K)
            Tensor k = heads.keysAt(rebuilt, positions, arena); // (S, G*K)
            Tensor latents = tokens.cols(keyRank, tokens.cols()); // (S, Rv)
            mix(q.rows(i, i + 1), k, latents, mixed.rows(i, i + 1), step, arena); // (1, H*Rv)
            arena.release(mark);
        }
        heads.output().forwardAdding(absorbValues(mixed, arena), y); // (n, D)
    }

    /**
     * @param q (1, H*K)
     * @param k (S, G*K)
     * @param latents (S, Rv), of values
     * @param mixed (1, H*Rv), overwritten
     */
    private void mix(Tensor q, Tensor k, Tensor latents, Tensor mixed, DecodeStep step, Arena arena) {
        int numGroups = heads.config().numKvHeads();
        int width = q.cols() / numGroups; // M*K
        int mixedWidth = mixed.cols() / numGroups; // M*Rv
        int numQueries = mixedWidth / latents.cols(); // M
        for (int g = 0; g < numGroups; g++) {
            Tensor queriesOfGroup =
                    q.cols(g * width, (g + 1) * width).reshape(numQueries, width / numQueries); // (M, K)
            Tensor mixedOfGroup =
                    mixed.cols(g * mixedWidth, (g + 1) * mixedWidth).reshape(numQueries, latents.cols()); // (M, Rv)
            Tensor keysOfGroup = heads.keyHeads(k).head(g); // (S, K)
            step.attend(
                    queriesOfGroup,
                    keysOfGroup,
                    latents,
                    heads.config().softmaxScale(),
                    mixedOfGroup,
                    arena); // (M, Rv)
        }
    }

    /** The heads' outputs from latents mixed by the attention: sum p (B c + b) = B (sum p c) + b. */
    private Tensor absorbValues(Tensor mixed, Arena arena) {
        int numHeads = heads.config().numHeads();
        int headDim = heads.config().headDim();
        Tensor out = arena.matrix(mixed.rows(), numHeads * headDim); // (n, H*K)
        for (int h = 0; h < numHeads; h++) {
            int first = h * heads.config().numKvHeads() / numHeads * headDim;
            Tensor up = values.up.weight().rows(first, first + headDim); // (K, Rv)
            Tensor latent = HeadView.of(mixed, numHeads).head(h); // (n, Rv)
            Tensor outOfHead = heads.queryHeads(out).head(h); // (n, K)
            kernels().gemm().multiply(false, true, 1, latent, up, 0, outOfHead); // (n, K)
            if (values.up.bias() != null) {
                kernels().bias().forward(values.up.bias().cols(first, first + headDim), outOfHead); // (n, K)
            }
        }
        return out;
    }

    private Kernels kernels() {
        return heads.kernels();
    }
}
