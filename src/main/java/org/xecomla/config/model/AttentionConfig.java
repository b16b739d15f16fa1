package org.xecomla.config.model;

import java.io.Serializable;
import org.xecomla.errors.ConfigException;

/** What the attention of one layer is. */
public sealed interface AttentionConfig extends Serializable {
    /** Cached elements per token of this layer. */
    int kvElementsPerToken();

    /** Rotated dimensions of a head. */
    int ropeDim();

    RopeScaling ropeScaling();

    /** Whether queries and keys are rotated by their positions. */
    default boolean isRotated() {
        return !(ropeScaling() instanceof RopeScaling.Unrotated);
    }

    /** Factor on the scores. */
    double softmaxScale();

    /** Which projections add a constant. */
    Biases biases();

    /** Which projections of a layer add a constant to their product. */
    enum Biases {
        /** None: Llama, Mistral. */
        NONE,
        /** All that read the layer's input, which makes queries, keys and values: Qwen2. */
        INPUTS,
        /** These and the output projection: Llama with {@code attention_bias}. */
        ALL;

        public boolean ofInputs() {
            return this != NONE;
        }

        public boolean ofOutput() {
            return this == ALL;
        }
    }

    /** Over what the norm of queries, and that of keys, takes its mean square. */
    enum NormScope {
        /** Every head by itself, all with one gain: Qwen3. */
        HEAD,
        /** All heads of a token together. */
        TOKEN;

        /** How many means a token of {@code numHeads} heads has. */
        public int numGroups(int numHeads) {
            return this == HEAD ? numHeads : 1;
        }
    }

    /** RMSNorms of queries and keys before they are rotated. */
    record HeadNorm(NormScope scope, double epsilon) implements Serializable {
        public HeadNorm {
            if (!(epsilon >= 0 && epsilon <= 1)) {
                throw new ConfigException("the epsilon of the queries' norm is " + epsilon + ", not between 0 and 1");
            }
        }

        /** Elements of a gain. */
        public int size(int numHeads, int headDim) {
            return numHeads / scope.numGroups(numHeads) * headDim;
        }
    }

    /**
     * Norms of queries and keys in latent attention, which cannot be taken of keys that are mixed. Scores are
     * multiplied by 1 / rms of the base's query, which the unrotated part of a query is, and by 1 / rms of the base's
     * key: one number a key head that {@code k_proj}, which is kept for this alone, gives from the layer's input and
     * that is cached. Gains are part of the weights.
     *
     * @param numKeyHeads of the base
     */
    record KeyScales(int numKeyHeads, HeadNorm norm) implements Serializable {
        /** How many of them a token has. */
        public int number() {
            return norm.scope().numGroups(numKeyHeads);
        }
    }

    /** The common factor on scores of heads of {@code headDim} dimensions: headDim^-0.5. */
    static double softmaxScale(int headDim) {
        return Math.pow(headDim, -0.5);
    }

    /**
     * Grouped-query attention of Llama; multi-head where both counts are equal. Softmax scale headDim^-0.5.
     *
     * @param norm of queries and keys; null: none
     */
    record Gqa(int numHeads, int numKvHeads, int headDim, RopeScaling ropeScaling, Biases biases, HeadNorm norm)
            implements AttentionConfig {
        /** Without biases and norms. */
        public Gqa(int numHeads, int numKvHeads, int headDim, RopeScaling ropeScaling) {
            this(numHeads, numKvHeads, headDim, ropeScaling, Biases.NONE);
        }

        /** Without norms. */
        public Gqa(int numHeads, int numKvHeads, int headDim, RopeScaling ropeScaling, Biases biases) {
            this(numHeads, numKvHeads, headDim, ropeScaling, biases, null);
        }

        public Gqa {
            if (numHeads < 1 || numKvHeads < 1 || numHeads % numKvHeads != 0) {
                throw new ConfigException(
                        "num_attention_heads " + numHeads + " is not a multiple of num_key_value_heads " + numKvHeads);
            }
            if (headDim < 2 || headDim % 2 != 0) {
                throw new ConfigException("head_dim " + headDim + " is not an even positive number");
            }
        }

        /** The same attention without biases. */
        public Gqa withoutBiases() {
            return new Gqa(numHeads, numKvHeads, headDim, ropeScaling, Biases.NONE, norm);
        }

        /** The same attention with another rope. */
        public Gqa withRopeScaling(RopeScaling scaling) {
            return new Gqa(numHeads, numKvHeads, headDim, scaling, biases, norm);
        }

        /** What latent attention has in the place of the norms; null where there are none. */
        public KeyScales keyScales() {
            return norm == null ? null : new KeyScales(numKvHeads, norm);
        }

        /** Columns of queries, keys and values as linear maps: biases are one more, of a constant input 1. */
        public int numInputs(int hiddenSize) {
            return biases.ofInputs() ? hiddenSize + 1 : hiddenSize;
        }

        @Override
        public int kvElementsPerToken() {
            return 2 * numKvHeads * headDim;
        }

        @Override
        public int ropeDim() {
            return headDim;
        }

        @Override
        public double softmaxScale() {
            return AttentionConfig.softmaxScale(headDim);
        }
    }

    /**
     * Grouped-query attention whose keys and values come through a latent each, k = B<sub>k</sub> A<sub>k</sub> x
     * before they are rotated and v = B<sub>v</sub> A<sub>v</sub> x: the layer of LoRC (arXiv 2410.03111) and of CARE's
     * one-shot tables (2603.17946). A token caches both latents; keys are rebuilt from theirs, then rotated. Biases of
     * keys and values are added by B.
     *
     * @param full what it computes: the attention that these products stand for
     * @param keyRank rows of A<sub>k</sub>
     * @param valueRank rows of A<sub>v</sub>
     */
    record LowRankGqa(Gqa full, int keyRank, int valueRank) implements AttentionConfig {
        public LowRankGqa {
            int possible = full.numKvHeads() * full.headDim();
            if (keyRank < 1 || valueRank < 1 || keyRank > possible || valueRank > possible) {
                throw new ConfigException("no latents of " + keyRank + " and " + valueRank
                        + " elements for keys and values" + " of " + possible);
            }
        }

        @Override
        public int kvElementsPerToken() {
            return keyRank + valueRank;
        }

        @Override
        public int ropeDim() {
            return full.ropeDim();
        }

        @Override
        public RopeScaling ropeScaling() {
            return full.ropeScaling();
        }

        @Override
        public double softmaxScale() {
            return full.softmaxScale();
        }

        @Override
        public Biases biases() {
            return full.biases();
        }
    }

    /**
     * Multi-head Latent Attention of DeepSeek V2/V3: one latent of {@code kvLoraRank} and one shared rope key of
     * {@code qkRopeHeadDim} per token.
     *
     * @param qLoraRank 0: full q_proj; else rank of q_a_proj, q_b_proj
     * @param qNorm RMSNorm on the query latent (eps 1e-6)
     * @param kvNorm RMSNorm on the KV latent (eps 1e-6)
     * @param softmaxScale factor on the scores, commonly (qkNopeHeadDim + qkRopeHeadDim)^-0.5
     * @param biases of what reads the layer's input: q_proj or q_a_proj, and kv_a_proj_with_mqa
     * @param keyScales what makes up for the base's norms of queries and keys; null: it has none
     */
    record Mla(
            int numHeads,
            int qLoraRank,
            int kvLoraRank,
            int qkNopeHeadDim,
            int qkRopeHeadDim,
            int vHeadDim,
            boolean qNorm,
            boolean kvNorm,
            RopeScaling ropeScaling,
            double softmaxScale,
            Biases biases,
            KeyScales keyScales)
            implements AttentionConfig {
        /** Without biases and norms. */
        public Mla(
                int numHeads,
                int qLoraRank,
                int kvLoraRank,
                int qkNopeHeadDim,
                int qkRopeHeadDim,
                int vHeadDim,
                boolean qNorm,
                boolean kvNorm,
                RopeScaling ropeScaling,
                double softmaxScale) {
            this(
                    numHeads,
                    qLoraRank,
                    kvLoraRank,
                    qkNopeHeadDim,
                    qkRopeHeadDim,
                    vHeadDim,
                    qNorm,
                    kvNorm,
                    ropeScaling,
                    softmaxScale,
                    Biases.NONE,
                    null);
        }

        public Mla {
            if (numHeads < 1 || qLoraRank < 0 || kvLoraRank < 1 || qkNopeHeadDim < 0 || vHeadDim < 1) {
                throw new ConfigException("no latent attention of " + numHeads + " heads, q_lora_rank " + qLoraRank
                        + ", kv_lora_rank " + kvLoraRank + ", qk_nope_head_dim " + qkNopeHeadDim + ", v_head_dim "
                        + vHeadDim);
            }
            if (!(softmaxScale > 0 && softmaxScale < Double.POSITIVE_INFINITY)) {
                throw new ConfigException("the softmax scale is " + softmaxScale + ", not a positive number");
            }
            if (ropeScaling instanceof RopeScaling.Explicit rope && numHeads % rope.numParts() != 0) {
                throw new ConfigException(
                        numHeads + " heads are not " + rope.numParts() + " equal groups, one a part of the rope key");
            }
            if (qkRopeHeadDim < 2 || qkRopeHeadDim % 2 != 0) {
                throw new ConfigException("qk_rope_head_dim " + qkRopeHeadDim + " is not an even positive number");
            }
        }

        /** The same attention with another rope. */
        public Mla withRopeScaling(RopeScaling scaling) {
            return new Mla(
                    numHeads,
                    qLoraRank,
                    kvLoraRank,
                    qkNopeHeadDim,
                    qkRopeHeadDim,
                    vHeadDim,
                    qNorm,
                    kvNorm,
                    scaling,
                    softmaxScale,
                    biases,
                    keyScales);
        }

        /** The same attention with another latent. */
        public Mla withLatent(int rank, boolean normed) {
            return new Mla(
                    numHeads,
                    qLoraRank,
                    rank,
                    qkNopeHeadDim,
                    qkRopeHeadDim,
                    vHeadDim,
                    qNorm,
                    normed,
                    ropeScaling,
                    softmaxScale,
                    biases,
                    keyScales);
        }

        /** Elements cached of a token so that scores can be multiplied by them. */
        public int numKeyScales() {
            return keyScales == null ? 0 : keyScales.number();
        }

        public int qkHeadDim() {
            return qkNopeHeadDim + qkRopeHeadDim;
        }

        @Override
        public int kvElementsPerToken() {
            return kvLoraRank + qkRopeHeadDim + numKeyScales();
        }

        @Override
        public int ropeDim() {
            return qkRopeHeadDim;
        }
    }
}
