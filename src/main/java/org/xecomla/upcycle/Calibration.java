package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.errors.UserException;
import org.xecomla.linalg.Matrix;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;

/**
 * What one forward pass of the base over calibration text shows of the inputs of its attention layers: of every layer
 * the second moment over all tokens, and as many of the inputs themselves as {@link #MAX_SAMPLES} allows, evenly
 * spread.
 *
 * <p>On the heap. Where all inputs fit the sample, the moment is computed from it when a layer is asked for.
 */
public final class Calibration {
    /** Inputs kept of each layer: at 4,096 of 4,096 floats 64 MiB a layer. */
    public static final int MAX_SAMPLES = 4096;

    private static final long MAX_WINDOW_BYTES = 1L << 30;

    private final long numTokens;
    private final Map<Integer, Layer> layers;

    private Calibration(long numTokens, Map<Integer, Layer> layers) {
        this.numTokens = numTokens;
        this.layers = layers;
    }

    /**
     * Runs {@code base} over the windows, one at a time.
     *
     * @param windows each a sequence of its own
     * @param layers those that will be asked for
     * @throws UserException if there is no window, or one is too long or has a token outside the vocabulary
     */
    public static Calibration of(CausalLm base, List<TokenSequence> windows, Collection<Integer> layers) {
        return of(base, windows, layers, MAX_SAMPLES);
    }

    /**
     * The same, keeping the inputs of the first windows for a search.
     *
     * @param numKept windows whose inputs are kept whole; at most 1 GiB over all layers, but one window always
     */
    static Calibration keepingWindows(
            CausalLm base, List<TokenSequence> windows, Collection<Integer> layers, int numKept) {
        long bytes = 4L * base.config().hiddenSize() * windows.get(0).ids().length * layers.size();
        int kept = (int) Math.max(1, Math.min(numKept, MAX_WINDOW_BYTES / bytes));
        return of(base, windows, layers, MAX_SAMPLES, kept);
    }

    static Calibration of(CausalLm base, List<TokenSequence> windows, Collection<Integer> layers, int maxSamples) {
        return of(base, windows, layers, maxSamples, 0);
    }

    private static Calibration of(
            CausalLm base, List<TokenSequence> windows, Collection<Integer> layers, int maxSamples, int numKept) {
        long numTokens =
                windows.stream().mapToLong(window -> window.ids().length).sum();
        if (numTokens == 0) {
            throw new UserException("the calibration text has no full window of tokens: give more text");
        }
        Map<Integer, Layer> made = new TreeMap<>();
        int d = base.config().hiddenSize();
        layers.forEach(layer -> made.put(layer, new Layer(d, biased(base, layer), numTokens, maxSamples, numKept)));
        int longest =
                windows.stream().mapToInt(window -> window.ids().length).max().getAsInt();
        long bytes = base.arenaBytes((model, arena) -> model.hiddenStates(new int[longest], 1, arena, null));
        try (Arena arena = Arena.of(base.kernels(), bytes)) {
            for (TokenSequence window : windows) {
                long mark = arena.mark();
                base.hiddenStates(window.ids(), Sequences.of(1, window.starts()), arena, (layer, input) -> {
                    if (made.containsKey(layer)) {
                        made.get(layer).add(input);
                    }
                });
                arena.release(mark);
            }
        }
        return new Calibration(numTokens, made);
    }

    private static boolean biased(CausalLm base, int layer) {
        return base.config().attention().get(layer).biases().ofInputs();
    }

    public long numTokens() {
        return numTokens;
    }

    /** What was seen of a layer's inputs. Computed anew at each call. */
    public LayerActivations layer(int layer) {
        Layer seen = layers.get(layer);
        if (seen == null) {
            throw new IllegalArgumentException("layer " + layer + " was not calibrated");
        }
        return seen.activations();
    }

    /** All that is known of a layer, whose moment is computed anew at each call. */
    LayerCalibration seen(int layer) {
        return new LayerCalibration(layer(layer), windows(layer));
    }

    /** A layer's inputs in the windows that were kept, (T*I) each. */
    List<float[]> windows(int layer) {
        return List.copyOf(layers.get(layer).windows);
    }

    /** Tokens of a window that was kept. */
    int windowLength(int layer) {
        return windows(layer).get(0).length / layers.get(layer).numInputs;
    }

    /** Inputs x of one layer as they come. Legend: D model; I = D, or D + 1 where a 1 stands behind every input. */
    private static final class Layer {
        private final int hiddenSize;
        private final int numInputs;
        private final long numTokens;
        private final long step; // every step-th input is kept
        private final List<float[]> kept = new ArrayList<>(); // (I) each
        private Matrix sum; // of x x^T (I, I); null: all inputs are kept
        private final int numWindows;
        private final List<float[]> windows = new ArrayList<>(); // (T*I) each
        private long seen;

        /** @param constant put a 1 behind every input, for biases ({@link BaseAttention}) */
        private Layer(int hiddenSize, boolean constant, long numTokens, int maxSamples, int numWindows) {
            this.numWindows = numWindows;
            this.hiddenSize = hiddenSize;
            this.numInputs = constant ? hiddenSize + 1 : hiddenSize;
            this.numTokens = numTokens;
            this.step = (numTokens + maxSamples - 1) / maxSamples;
            this.sum = step == 1 ? null : Matrix.zeros(numInputs, numInputs);
        }

        private void add(Tensor input) {
            float[] values = withConstant(input.toFloats()); // (B*T, I)
            if (windows.size() < numWindows) {
                windows.add(values);
            }
            for (int row = 0; row < input.rows(); row++, seen++) {
                if (seen % step == 0) {
                    kept.add(Arrays.copyOfRange(values, row * numInputs, (row + 1) * numInputs)); // (I)
                }
            }
            if (sum != null) {
                Matrix x = Matrix.ofFloats(input.rows(), numInputs, values); // (B*T, I)
                sum = sum.plus(x.transposeTimes(x));
            }
        }

        /** @param rows (N*D) */
        private float[] withConstant(float[] rows) {
            if (numInputs == hiddenSize) {
                return rows;
            }
            float[] longer = new float[rows.length / hiddenSize * numInputs]; // (N*I)
            Arrays.fill(longer, 1);
            for (int n = 0; n < rows.length / hiddenSize; n++) {
                System.arraycopy(rows, n * hiddenSize, longer, n * numInputs, hiddenSize);
            }
            return longer;
        }

        private LayerActivations activations() {
            Matrix sample = Matrix.build(kept.size(), numInputs, (n, d) -> kept.get(n)[d]); // (n, I)
            return sum == null
                    ? LayerActivations.of(sample)
                    : new LayerActivations(numTokens, sum.scale(1.0 / numTokens), sample);
        }
    }
}
