package org.xecomla.nn;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * Multi-head Latent Attention (DeepSeek-V2, section 2.1) as in {@code DeepseekV3Attention}, keys and values
 * decompressed: keys and values come from one latent of R elements, positions from one rope key of P elements that all
 * heads share. Legend: B batch, T time, D model, H heads, N nope, P rope, R latent rank, Dv value dimension.
 *
 * @param kvDown (R+P, D): the latent's rows, then the rope key's
 * @param kvNorm on the latent; null: none
 * @param kvUp (H*(N+Dv), R): per head its N key rows, then its Dv value rows
 * @param scales of a base that normalises queries and keys; null: none
 */
record LatentAttention(
        AttentionConfig.Mla config,
        QueryProjection queries,
        Linear kvDown,
        RmsNorm kvNorm,
        Linear kvUp,
        ScoreScales scales,
        Linear output,
        RopeTable rope,
        Kernels kernels)
        implements Attention {
    /**
     * @param x (B*T, D)
     * @param query the projection that q comes of
     * @param scales null: none
     * @param q (B*T, H*(N+P)), its rope part rotated, scaled where there are scales
     * @param ropeKey (B*T, P), rotated
     * @param input (B*T, R), of kvUp: the latent, normalised where there is a norm
     * @param normCache null: no norm
     * @param k (B*T, H*(N+P)), its rope part rotated, scaled where there are scales
     * @param kv (B*T, H*(N+Dv))
     * @param out (B*T, H*Dv)
     * @param logSumExp (B*T, H)
     */
    record Cache(
            Tensor x,
            QueryProjection.Cache query,
            ScoreScales.Cache scales,
            Tensor q,
            Tensor ropeKey,
            Tensor input,
            RmsNorm.Cache normCache,
            Tensor k,
            Tensor kv,
            Tensor out,
            Tensor logSumExp,
            Sequences sequences)
            implements Attention.Cache {}

    static LatentAttention of(AttentionConfig.Mla config, String prefix, Parameters parameters, RopeTable rope) {
        return new LatentAttention(
                config,
                QueryProjection.of(config, prefix, parameters),
                parameters.linear(
                        prefix + ParameterNames.KV_A_PROJ, config.biases().ofInputs()),
                config.kvNorm()
                        ? parameters.norm(prefix + ParameterNames.KV_A_NORM, ModelConfig.LATENT_NORM_EPS)
                        : null,
                parameters.linear(prefix + ParameterNames.KV_B_PROJ),
                ScoreScales.of(config, prefix, parameters),
                parameters.linear(
                        prefix + ParameterNames.O_PROJ, config.biases().ofOutput()),
                rope,
                parameters.kernels());
    }

    @Override
    public boolean trainable() {
        return queries.trainable()
                || kvDown.trainable()
                || (kvNorm != null && kvNorm.trainable())
                || kvUp.trainable()
                || (scales != null && scales.trainable())
                || output.trainable();
    }

    @Override
    public Cache forward(Tensor x, Sequences sequences, Tensor y, Arena arena) {
        Indices positions = sequences.positions();
        QueryProjection.Cache query = queries.forward(x, arena);
        ScoreScales.Cache scaled = scales == null ? null : scales.forward(x, query.q(), arena);
        Tensor q = scaled == null ? query.q() : scaled.q(); // (B*T, H*(N+P))
        rope.rotate(ropePart(q), positions, kernels);
        Tensor down = kvDown.forward(x, arena); // (B*T, R+P)
        Tensor latent = down.cols(0, config.kvLoraRank()); // (B*T, R)
        Tensor ropeKey = down.cols(config.kvLoraRank(), down.cols()); // (B*T, P)
        rope.rotate(HeadView.of(ropeKey, 1), positions, kernels);
        RmsNorm.Cache normCache = kvNorm == null ? null : kvNorm.forward(latent, arena);
        Tensor input = kvNorm == null ? latent : normCache.y(); // (B*T, R)
        Tensor kv = kvUp.forward(input, arena); // (B*T, H*(N+Dv))
        Tensor k = keys(kv, ropeKey, scaled, arena); // (B*T, H*(N+P))
        Tensor out = arena.matrix(x.rows(), output.weight().cols()); // (B*T, H*Dv)
        Tensor logSumExp = arena.matrix(x.rows(), config.numHeads()); // (B*T, H)
        kernels.attention()
                .forward(heads(q), heads(k), upValues(kv), heads(out), logSumExp, sequences, config.softmaxScale());
        output.forwardAdding(out, y); // (B*T, D)
        return new Cache(x, query, scaled, q, ropeKey, input, normCache, k, kv, out, logSumExp, sequences);
    }

    private Tensor keys(Tensor kv, Tensor ropeKey, ScoreScales.Cache scaled, Arena arena) {
        Tensor k = arena.matrix(kv.rows(), config.numHeads() * config.qkHeadDim()); // (B*T, H*(N+P))
        kernels.headCopy().copy(upKeys(kv), nopePart(k)); // (B*T, H, N)
        kernels.headCopy().copy(HeadView.shared(ropeKey, config.numHeads()), ropePart(k)); // (B*T, H, P)
        if (scaled != null) {
            kernels.headScale().scale(heads(k), scaled.ofKeys()); // (B*T, H, N+P)
        }
        return k;
    }

    @Override
    public void store(Attention.Cache saved, Tensor tokens, Arena arena) {
        Cache cache = (Cache) saved;
        int rank = config.kvLoraRank();
        int firstScale = rank + config.qkRopeHeadDim();
        kernels.elementwise().copy(cache.input, tokens.cols(0, rank)); // (T, R)
        kernels.elementwise().copy(cache.ropeKey, tokens.cols(rank, firstScale)); // (T, P)
        if (scales != null) {
            kernels.elementwise().copy(cache.scales.ofKeys(), tokens.cols(firstScale, tokens.cols())); // (T, Sk)
        }
    }

    @Override
    public void decode(Tensor x, DecodeStep step, Tensor y, Arena arena) {
        int rank = config.kvLoraRank();
        Tensor q = queries.forward(x, arena).q(); // (n, H*(N+P))
        if (scales != null) {
            scales.scaleQueries(q, arena); // (n, H*(N+P))
            step.store(scales.ofKeys(scales.keys().forward(x, arena), arena), rank + config.qkRopeHeadDim());
        }
        step.rotate(ropePart(q), rope);
        Tensor down = kvDown.forward(x, arena); // (n, R+P)
        Tensor latent = down.cols(0, rank); // (n, R)
        Tensor ropeKey = down.cols(rank, down.cols()); // (n, P)
        step.rotate(HeadView.of(ropeKey, 1), rope);
        step.store(kvNorm == null ? latent : kvNorm.forward(latent, arena).y(), 0);
        step.store(ropeKey, rank);
        Tensor mixed = arena.matrix(x.rows(), config.numHeads() * rank); // (n, H*R)
        DecodeStep.Columns columns = new DecodeStep.Columns(1, down.cols(), 0, rank, config.numKeyScales());
        step.attend(absorbKeys(q, arena), columns, config.softmaxScale(), mixed, arena); // (n, H*R)
        output.forwardAdding(absorbValues(mixed, arena), y); // (n, D)
    }

    /** Queries that meet latents and rope keys as they are cached: q_n . (W_UK c) = (W_UK^T q_n) . c. */
    private Tensor absorbKeys(Tensor q, Arena arena) {
        int rank = config.kvLoraRank();
        Tensor absorbed = arena.matrix(q.rows(), config.numHeads() * (rank + config.qkRopeHeadDim())); // (n, H*(R+P))
        HeadView heads = heads(absorbed);
        HeadView latents = heads.part(0, rank);
        for (int h = 0; h < config.numHeads(); h++) {
            Tensor upKeys = upRows(h, 0, config.qkNopeHeadDim()); // (N, R)
            Tensor nope = nopePart(q).head(h); // (n, N)
            kernels.gemm().multiply(false, false, 1, nope, upKeys, 0, latents.head(h)); // (n, R)
        }
        kernels.headCopy().copy(ropePart(q), heads.part(rank, rank + config.qkRopeHeadDim())); // (n, H, P)
        return absorbed;
    }

    /** The heads' outputs from latents mixed by the attention: sum p (W_UV c) = W_UV (sum p c). */
    private Tensor absorbValues(Tensor mixed, Arena arena) {
        Tensor out = arena.matrix(mixed.rows(), output.weight().cols()); // (n, H*Dv)
        for (int h = 0; h < config.numHeads(); h++) {
            Tensor upValues = upRows(h, config.qkNopeHeadDim(), config.qkNopeHeadDim() + config.vHeadDim()); // (Dv, R)
            Tensor latent = heads(mixed).head(h); // (n, R)
            kernels.gemm()
                    .multiply(false, true, 1, latent, upValues, 0, heads(out).head(h)); // (n, Dv)
        }
        return out;
    }

    /** Rows {@code from} to {@code to} of head {@code h} of kvUp. */
    private Tensor upRows(int h, int from, int to) {
        int first = h * (config.qkNopeHeadDim() + config.vHeadDim());
        return kvUp.weight().rows(first + from, first + to); // (to - from, R)
    }

    @Override
    public void backward(Tensor dY, Attention.Cache saved, Tensor dX, ProjectionObserver observer, Arena arena) {
        Cache cache = (Cache) saved;
        Indices positions = cache.sequences.positions();
        long mark = arena.mark();
        Tensor dQ = arena.matrix(dY.rows(), cache.k.cols()); // (B*T, H*(N+P))
        Tensor dDown = arena.matrix(dY.rows(), kvDown.numOutputs()); // (B*T, R+P)
        long markOfKeys = arena.mark();
        Tensor dK = arena.matrix(dY.rows(), cache.k.cols()); // (B*T, H*(N+P))
        Tensor dKv = arena.matrix(dY.rows(), cache.kv.cols()); // (B*T, H*(N+Dv))
        attentionBackward(dY, cache, dQ, dK, dKv, arena);
        if (scales != null) {
            kernels.elementwise().fill(dX, 0); // (B*T, D)
            scales.backwardOfKeys(dK, cache.k, cache.scales, cache.x, dX, arena); // (B*T, D)
        }
        keysBackward(dK, dKv, dDown, positions);
        latentBackward(dKv, cache, dDown.cols(0, config.kvLoraRank()), observer, arena); // (B*T, R)
        arena.release(markOfKeys);
        // forward was: down = kvDown(x)
        if (scales == null) {
            kvDown.backward(dDown, cache.x, dX); // (B*T, D)
        } else {
            kvDown.backwardAdding(dDown, cache.x, dX); // (B*T, D)
        }
        Tensor dScales = scales == null ? null : scales.unscaleQueries(dQ, cache.q, cache.scales, arena); // (B*T, Sq)
        // forward was: the rope part of q rotated in place
        rope.rotateBack(ropePart(dQ), positions, kernels);
        if (scales != null) {
            scales.backwardOfQueries(dScales, cache.scales, dQ); // (B*T, H*(N+P))
        }
        zeroForeignParts(dQ);
        // forward was: q = queries(x)
        queries.backwardAdding(dQ, cache.query, dX, arena); // (B*T, D)
        arena.release(mark);
    }

    /** Queries that are to look at one part of the rope key alone get no gradient for the others. dQ (B*T, H*(N+P)) */
    private void zeroForeignParts(Tensor dQ) {
        int numParts = config.ropeScaling() instanceof RopeScaling.Explicit explicit ? explicit.numParts() : 1;
        int half = config.qkRopeHeadDim() / 2;
        int part = half / numParts;
        for (int h = 0; h < config.numHeads(); h++) {
            int own = h / (config.numHeads() / numParts);
            int rope = h * config.qkHeadDim() + config.qkNopeHeadDim();
            for (int i = 0; i < 2 * numParts; i++) { // first members of all parts' planes, then second ones
                if (i % numParts != own) {
                    kernels.elementwise()
                            .fill(dQ.cols(rope + i * part, rope + (i + 1) * part), 0); // (B*T, P/2/numParts)
                }
            }
        }
    }

    /** Leaves the gradient of the values in dKv; its key part is not yet written. */
    private void attentionBackward(Tensor dY, Cache cache, Tensor dQ, Tensor dK, Tensor dKv, Arena arena) {
        long mark = arena.mark();
        Tensor dOut = arena.matrix(dY.rows(), cache.out.cols()); // (B*T, H*Dv)
        // forward was: y += output(out)
        output.backward(dY, cache.out, dOut); // (B*T, H*Dv)
        // forward was: out = attention(q, k, the values in kv)
        kernels.attention()
                .backward(
                        heads(dOut),
                        heads(cache.q),
                        heads(cache.k),
                        upValues(cache.kv),
                        heads(cache.out),
                        cache.logSumExp,
                        cache.sequences,
                        config.softmaxScale(),
                        heads(dQ),
                        heads(dK),
                        upValues(dKv));
        arena.release(mark);
    }

    private void keysBackward(Tensor dK, Tensor dKv, Tensor dDown, Indices positions) {
        Tensor dRopeKey = dDown.cols(config.kvLoraRank(), dDown.cols()); // (B*T, P)
        // forward was: rope part of k = ropeKey, the same for every head
        kernels.elementwise().fill(dRopeKey, 0); // (B*T, P)
        kernels.headCopy().add(ropePart(dK), HeadView.shared(dRopeKey, config.numHeads())); // (B*T, P)
        // forward was: nope part of k = key part of kv
        kernels.headCopy().copy(nopePart(dK), upKeys(dKv)); // (B*T, H, N)
        // forward was: ropeKey rotated in place
        rope.rotateBack(HeadView.of(dRopeKey, 1), positions, kernels);
    }

    private void latentBackward(Tensor dKv, Cache cache, Tensor dLatent, ProjectionObserver observer, Arena arena) {
        if (kvNorm == null) {
            // forward was: kv = kvUp(latent)
            kvUp.backward(dKv, cache.input, dLatent); // (B*T, R)
            observer.latent(cache.input, dLatent);
            return;
        }
        Tensor dInput = arena.matrix(dKv.rows(), config.kvLoraRank()); // (B*T, R)
        // forward was: kv = kvUp(input)
        kvUp.backward(dKv, cache.input, dInput); // (B*T, R)
        observer.latent(cache.input, dInput);
        kernels.elementwise().fill(dLatent, 0); // (B*T, R)
        // forward was: input = kvNorm(latent)
        kvNorm.backward(dInput, cache.normCache, dLatent); // (B*T, R)
    }

    private HeadView heads(Tensor x) {
        return HeadView.of(x, config.numHeads());
    }

    private HeadView nopePart(Tensor x) {
        return heads(x).part(0, config.qkNopeHeadDim());
    }

    private HeadView ropePart(Tensor x) {
        return heads(x).part(config.qkNopeHeadDim(), config.qkHeadDim());
    }

    private HeadView upKeys(Tensor kv) {
        return heads(kv).part(0, config.qkNopeHeadDim());
    }

    private HeadView upValues(Tensor kv) {
        return heads(kv).part(config.qkNopeHeadDim(), config.qkNopeHeadDim() + config.vHeadDim());
    }
}
