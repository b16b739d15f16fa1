package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.tensor.Kernels;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.BaseWeights;

/**
 * What can be known of a conversion before anything is trained: how much of each rotary plane's keys one shared key
 * keeps, mixed with real or with complex weights, and how far single layers are off by method and size.
 *
 * @param planes layer by layer, plane by plane
 * @param predictions the nearest first
 */
public record ConversionPromise(List<Plane> planes, List<Prediction> predictions) {
    /**
     * Shares of the query-weighted energy of the keys of all heads in one rotary plane that one shared key keeps.
     *
     * @param frequency radians per position
     */
    public record Plane(int layer, int plane, double frequency, double real, double complex) {}

    /**
     * A conversion that was tried on some layers.
     *
     * @param name of it
     * @param share cached elements over the base's
     * @param error mean over the layers of ||a - a*||<sup>2</sup> / ||a*||<sup>2</sup>, a the attention's output
     */
    public record Prediction(String name, double share, double error) {}

    /** A conversion to be tried, of some layers of the base. */
    public record Asked(String name, UpcyclePlan plan) {}

    private static final int NUM_WINDOWS = 1;

    public ConversionPromise {
        planes = List.copyOf(planes);
        predictions = List.copyOf(predictions);
    }

    /**
     * One forward pass of the base, then layer by layer.
     *
     * @param windows calibration text; layers are judged on the first
     * @param asked none where a base has biases, whose layers are not tried
     */
    public static ConversionPromise of(
            ModelDirectory base, List<TokenSequence> windows, List<Asked> asked, Kernels kernels) {
        List<Integer> all =
                IntStream.range(0, base.config().numLayers()).boxed().toList();
        BaseWeights weights = BaseWeights.of(base);
        Calibration seen = StudentInitializer.calibrate(base, all, NUM_WINDOWS, windows, kernels);
        List<Plane> planes =
                all.stream().flatMap(l -> planes(weights, seen, l).stream()).toList();
        List<Prediction> predictions = asked.stream()
                .map(one -> predicted(weights, seen, one, kernels))
                .sorted(Comparator.comparingDouble(Prediction::error))
                .toList();
        return new ConversionPromise(planes, predictions);
    }

    private static List<Plane> planes(BaseWeights weights, Calibration seen, int layer) {
        BaseAttention base = weights.attention(layer);
        PhasedRopeKey key = new PhasedRopeKey(base, seen.layer(layer).secondMoment());
        List<Double> frequencies = RopeFrequencies.of(
                        base.shape().headDim(), base.ropeTheta(), base.shape().ropeScaling())
                .inverse();
        return IntStream.range(0, frequencies.size())
                .mapToObj(j -> new Plane(
                        layer, j, frequencies.get(j), key.share(List.of(j), true), key.share(List.of(j), false)))
                .toList();
    }

    private static Prediction predicted(BaseWeights weights, Calibration seen, Asked asked, Kernels kernels) {
        UpcyclePlan plan = SlotPlanner.planned(weights, asked.plan, seen, kernels);
        double error = 0;
        double share = 0;
        for (LayerPlan layer : plan.layers()) {
            LayerCalibration known = seen.seen(layer.layer());
            UpcycledLayer made = StudentInitializer.layer(weights, layer, known.activations());
            error += SlotPlanner.search(weights, layer, known, kernels).error(made.attention(), made.tensors());
            AttentionConfig before = weights.config().attention().get(layer.layer());
            share += (double) made.attention().kvElementsPerToken() / before.kvElementsPerToken();
        }
        int count = plan.layers().size();
        return new Prediction(asked.name, share / count, error / count);
    }

    /** Tables for a person. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("share of the keys' energy that one shared rope key keeps, mixed with real > complex weights:");
        planes.stream().collect(Collectors.groupingBy(Plane::layer)).forEach((layer, ofLayer) -> {
            lines.add(String.format(
                    Locale.ROOT,
                    "layer %3d  mean %.3f > %.3f",
                    layer,
                    ofLayer.stream().mapToDouble(Plane::real).average().orElseThrow(),
                    ofLayer.stream().mapToDouble(Plane::complex).average().orElseThrow()));
            ofLayer.forEach(plane -> lines.add(String.format(
                    Locale.ROOT,
                    "  plane %3d at %.3g: %.3f > %.3f",
                    plane.plane,
                    plane.frequency,
                    plane.real,
                    plane.complex)));
        });
        if (!predictions.isEmpty()) {
            lines.add("conversions, the nearest to the base first, by the mean error of single layers' attention:");
            predictions.forEach(one -> lines.add(String.format(
                    Locale.ROOT, "  %-16s %5.1f %% of the cache  error %.4f", one.name, 100 * one.share, one.error)));
        }
        return lines;
    }
}
