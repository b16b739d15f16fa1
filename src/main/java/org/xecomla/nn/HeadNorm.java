package org.xecomla.nn;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * The RMSNorm of queries or keys, head by head (Qwen3) or over all heads of a token at once; or none, which costs
 * nothing. Legend: N rows, H heads of K dimensions, G norms of a row: H or 1.
 *
 * @param norm null: none
 * @param numGroups G
 */
record HeadNorm(RmsNorm norm, int numGroups) {
    /**
     * @param norm of rows (N*G, H*K/G); null: none, y is what came
     * @param y (N, H*K), the output
     */
    record Cache(RmsNorm.Cache norm, Tensor y) {}

    /** @param config null: none */
    static HeadNorm of(AttentionConfig.HeadNorm config, int numHeads, String name, Parameters parameters) {
        return config == null
                ? new HeadNorm(null, 1)
                : new HeadNorm(
                        parameters.norm(name, config.epsilon()), config.scope().numGroups(numHeads));
    }

    boolean trainable() {
        return norm != null && norm.trainable();
    }

    /** @param x (N, H*K), which may be changed afterwards only where there is no norm */
    Cache forward(Tensor x, Arena arena) {
        if (norm == null) {
            return new Cache(null, x);
        }
        RmsNorm.Cache cache = norm.forward(groups(x), arena);
        return new Cache(cache, cache.y().reshape(x.rows(), x.cols())); // (N, H*K)
    }

    /**
     * Returns dX (N, H*K), which is dY itself where there is no norm, else on top of the arena.
     *
     * @param dY (N, H*K)
     */
    Tensor backward(Tensor dY, Cache cache, Arena arena) {
        if (norm == null) {
            return dY;
        }
        Tensor dX = arena.matrix(dY.rows(), dY.cols()); // (N, H*K)
        norm.kernels().elementwise().fill(dX, 0);
        // forward was: y = norm(x), group by group
        norm.backward(groups(dY), cache.norm, groups(dX));
        return dX;
    }

    private Tensor groups(Tensor x) {
        return x.reshape(x.rows() * numGroups, x.cols() / numGroups); // (N*G, H*K/G)
    }
}
