package org.xecomla.formats.llama;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.AttentionConfig.NormScope;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.formats.checkpoint.DecoderJson;
import org.xecomla.formats.checkpoint.DecoderJson.Defaults;
import org.xecomla.formats.checkpoint.ModelJson;
import org.xecomla.formats.checkpoint.StoredWeight;
import org.xecomla.formats.checkpoint.UnrotatedLayers;

/**
 * The models that are Llama's decoder with another choice of biases, norms, rotation, windows and of how weights are
 * stored, as transformers 5.18 configures them.
 */
enum Family {
    LLAMA("llama") {
        @Override
        Biases biases(ModelJson json) {
            return json.flag("attention_bias", false) ? Biases.ALL : Biases.NONE;
        }

        @Override
        boolean mlpBias(ModelJson json) {
            return json.flag("mlp_bias", false);
        }
    },

    MISTRAL("mistral") {
        /** Mistral's class looks back 4,096 tokens where the key is left out, and at everything where it is null. */
        private static final int DEFAULT_WINDOW = 4096;

        @Override
        OptionalInt window(ModelJson json) {
            if (!json.json().has("sliding_window")) {
                return OptionalInt.of(DEFAULT_WINDOW);
            }
            return json.has("sliding_window") ? OptionalInt.of(json.integer("sliding_window")) : OptionalInt.empty();
        }
    },

    QWEN2("qwen2") {
        @Override
        Biases biases(ModelJson json) {
            return Biases.INPUTS;
        }

        @Override
        OptionalInt window(ModelJson json) {
            return json.flag("use_sliding_window", false)
                    ? OptionalInt.of(json.integer("sliding_window"))
                    : OptionalInt.empty();
        }
    },

    /** Qwen2 with norms of queries and keys in the place of biases. */
    QWEN3("qwen3") {
        @Override
        Biases biases(ModelJson json) {
            return json.flag("attention_bias", false) ? Biases.ALL : Biases.NONE;
        }

        @Override
        NormScope norms() {
            return NormScope.HEAD;
        }

        @Override
        OptionalInt window(ModelJson json) {
            return QWEN2.window(json);
        }
    },

    /** Llama whose every fourth layer is not rotated, commonly. */
    SMOLLM3("smollm3", new Defaults(2_000_000, true, 1e-6)) {
        private static final int DEFAULT_INTERVAL = 4;

        @Override
        Biases biases(ModelJson json) {
            return LLAMA.biases(json);
        }

        @Override
        boolean mlpBias(ModelJson json) {
            return LLAMA.mlpBias(json);
        }

        @Override
        UnrotatedLayers unrotated(ModelJson json) {
            int interval = json.integer("no_rope_layer_interval", DEFAULT_INTERVAL);
            if (interval < 1) {
                throw json.unsupported("no_rope_layer_interval", "at least 1 is");
            }
            return UnrotatedLayers.read(json, interval);
        }

        @Override
        OptionalInt window(ModelJson json) {
            return json.has("sliding_window") ? QWEN2.window(json) : OptionalInt.empty();
        }
    },

    /** Llama with multipliers, which its weights take in as they are read. */
    GRANITE("granite") {
        @Override
        Biases biases(ModelJson json) {
            return LLAMA.biases(json);
        }

        @Override
        boolean mlpBias(ModelJson json) {
            return LLAMA.mlpBias(json);
        }

        @Override
        Map<String, StoredWeight> parameters(ModelJson json, Map<String, StoredWeight> stored) {
            return GraniteMultipliers.read(decoder(json)).applied(stored);
        }
    },

    /** Llama whose queries, keys and values are one matrix in the files, and so are gate and up. */
    PHI3("phi3", new Defaults(10_000, false, 1e-5)) {
        @Override
        DecoderJson decoder(ModelJson json) {
            DecoderJson decoder = super.decoder(json);
            ModelJson rope = decoder.rope().object();
            if (!(decoder.ropeScaling() instanceof RopeScaling.None)) {
                throw rope.unsupported(rope.has("rope_type") ? "rope_type" : "type", "of Phi-3, only default is");
            }
            return decoder;
        }

        @Override
        OptionalInt window(ModelJson json) {
            return json.has("sliding_window") ? MISTRAL.window(json) : OptionalInt.empty();
        }

        @Override
        Map<String, StoredWeight> parameters(ModelJson json, Map<String, StoredWeight> stored) {
            return FusedProjections.read(decoder(json)).split(stored);
        }
    };

    private final String modelType;
    private final Defaults defaults;

    Family(String modelType) {
        this(modelType, Defaults.LLAMA);
    }

    Family(String modelType, Defaults defaults) {
        this.modelType = modelType;
        this.defaults = defaults;
    }

    /** The keys of its configuration. */
    DecoderJson decoder(ModelJson json) {
        return new DecoderJson(json, defaults);
    }

    /** As {@code config.json} says it. */
    String modelType() {
        return modelType;
    }

    /** Which projections of the attention have biases. */
    Biases biases(ModelJson json) {
        return Biases.NONE;
    }

    /** Over what queries and keys are normalised; null: they are not. */
    NormScope norms() {
        return null;
    }

    /** Whether the projections of the feed-forward layers have biases. */
    boolean mlpBias(ModelJson json) {
        return false;
    }

    /** Which layers are not rotated. */
    UnrotatedLayers unrotated(ModelJson json) {
        return new UnrotatedLayers(List.of());
    }

    /** How many tokens a query sees at most, itself among them; empty: all before it. */
    OptionalInt window(ModelJson json) {
        return OptionalInt.empty();
    }

    /** The parameters that the files' tensors hold. */
    Map<String, StoredWeight> parameters(ModelJson json, Map<String, StoredWeight> stored) {
        return stored;
    }

    static Optional<Family> of(String modelType) {
        return Arrays.stream(values())
                .filter(family -> family.modelType.equals(modelType))
                .findFirst();
    }

    static List<String> modelTypes() {
        return Arrays.stream(values()).map(Family::modelType).toList();
    }
}
